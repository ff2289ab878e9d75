import { Dice } from './dice.ts'
import { courseOf, faultOf, type LifePlan, type Moment } from './fate.ts'
import type { Fault } from './api.ts'
import { Life } from './lives.ts'
import type { Course } from './loki.ts'

const CALM: Pick<LifePlan, 'apiIsIll' | 'mood'> = { apiIsIll: false, mood: 'calm' }

/** What is on: the life that requests belong to, what the dice have in store for it, and who listens. */
export class Stage {
  readonly lives: Life[] = []
  /** `monotonic` time of the newest request or push. */
  heardMs = 0
  #dice = new Dice(0)
  #plan = CALM
  #listener: (moment: Moment) => void = () => undefined

  get life(): Life {
    const life = this.lives.at(-1)
    if (life === undefined) throw new Error('nobody lives yet')
    return life
  }

  /** @param plan null: nothing fails. */
  begin(life: Life, plan: LifePlan | null, dice: Dice): void {
    this.lives.push(life)
    this.#plan = plan ?? CALM
    this.#dice = dice
  }

  listen(listener: (moment: Moment) => void): void {
    this.#listener = listener
  }

  hear(moment: Moment): void {
    this.heardMs = performance.now()
    this.#listener(moment)
  }

  fault(): Fault | null {
    return this.#plan.apiIsIll ? faultOf(this.#dice) : null
  }

  course(): Course {
    return courseOf(this.#plan.mood, this.#dice)
  }
}
