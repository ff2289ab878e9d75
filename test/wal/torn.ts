import t from 'tap'
import { randomOf } from '../fixtures/random.ts'
import { type Harm, Schedule } from '../fixtures/wal-schedule.ts'

/** Runs so many random courses of things; the seed of one that goes wrong is told with its story. */
const survives = async (runs: number, harm: Harm, optional: readonly string[] = []): Promise<string | null> => {
  for (let seed = 0; seed < runs; seed += 1) {
    const schedule = new Schedule({ random: randomOf(seed * 7919 + 1), harm, optional })
    try {
      await schedule.run()
    } catch (error) {
      return `seed ${seed}: ${String(error)}\n${schedule.events.join('\n')}`
    }
  }
  return null
}

t.test('whatever was not synced is lost, zeroed or torn by sectors', (t) => {
  t.test('no entry is lost that the API server has forgotten, none is claimed too early', async (t) => {
    t.equal(await survives(100, 'none'), null)
  })

  t.test('nor with a client that is not required, or with none that is', async (t) => {
    t.equal(await survives(30, 'none', ['b']), null)
    t.equal(await survives(30, 'none', ['a', 'b']), null)
  })

  t.test('nor, of what the API server still has, when the disk is gone or an older one', async (t) => {
    t.equal(await survives(50, 'exchanged'), null)
  })

  t.test('nor when something on it is flipped, zeroed or cut between two lives', async (t) => {
    t.equal(await survives(90, 'damaged'), null)
  })
  t.end()
})
