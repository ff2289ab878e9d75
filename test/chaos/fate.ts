import type { ApiMoment, Fault } from './api.ts'
import type { Dice } from './dice.ts'
import type { Course, LokiMoment } from './loki.ts'

/** What the agent's end can be tied to. `saved`: its checkpoint, or its write-ahead log, is being written. */
export type Moment = 'started' | ApiMoment | LokiMoment | 'saved'

/** When a life ends: `afterMs` after the `nth` moment of its kind, or when it has been watching for `longestMs`. */
export type Fate = {
  readonly at: Moment
  readonly nth: number
  readonly afterMs: number
  readonly longestMs: number
}

/** What goes on while the agent is away, before a life. */
export type Absence = { readonly changes: number; readonly compacts: boolean; readonly expires: boolean }

/** All that the dice decide about one life. */
export type LifePlan = {
  readonly absence: Absence
  readonly fate: Fate
  /** Whether the API server fails a request now and then, and ends connections. */
  readonly apiIsIll: boolean
  readonly mood: 'calm' | 'moody' | 'dead'
}

const at = (moment: Moment, nth: number, afterMs: number): Omit<Fate, 'longestMs'> => ({ at: moment, nth, afterMs })

const end = (dice: Dice): Omit<Fate, 'longestMs'> => {
  const soon = (): number => (dice.chance(0.5) ? 0 : dice.whole(0, 20))
  switch (dice.pick({ started: 2, watch: 4, page: 2, stored: 3, answered: 6, saved: 3 })) {
    case 'started':
      return at('started', 1, dice.whole(0, 450))
    case 'watch':
      return at('watch', 1, dice.whole(0, 600))
    case 'page':
      return at('page', dice.whole(1, 12), soon())
    case 'stored':
      return at('stored', dice.whole(1, 25), 0)
    case 'answered':
      return at('answered', dice.whole(1, 25), soon())
    case 'saved':
      return at('saved', dice.whole(1, 12), dice.chance(0.5) ? 0 : dice.whole(0, 4))
  }
}

export const planLife = (dice: Dice): LifePlan => {
  const apiIsIll = dice.chance(0.08)
  return {
    absence: { changes: dice.whole(0, 40), compacts: dice.chance(0.2), expires: dice.chance(0.08) },
    fate: { ...end(dice), longestMs: apiIsIll ? 2500 : 700 },
    apiIsIll,
    mood: dice.pick({ calm: 60, moody: 35, dead: 5 }),
  }
}

const COURSES: Readonly<Record<Course, number>> = {
  truth: 60,
  refused_429: 6,
  refused_500: 4,
  refused_503: 6,
  stored_500: 6,
  partly_500: 6,
  reset: 4,
  stored_reset: 6,
  hang: 1,
  stored_hang: 1,
  half_open: 1,
}

/** How Loki takes the next push. */
export const courseOf = (mood: LifePlan['mood'], dice: Dice): Course => {
  if (mood === 'calm') return 'truth'
  if (mood === 'moody') return dice.pick(COURSES)
  return dice.pick({ refused_503: 6, reset: 2, half_open: 1 })
}

/** Which request about events an ill API server fails. */
export const faultOf = (dice: Dice): Fault | null =>
  dice.chance(0.15) ? dice.pick({ '500': 2, '429': 1, reset: 2, torn: 2 }) : null
