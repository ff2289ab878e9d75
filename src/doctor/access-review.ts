import { member } from '../kube/status.ts'
import { shownText } from './asked.ts'
import type { AskKube } from './kube-asker.ts'
import { accessReview, type Permission } from './permission.ts'

const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'

/** What the API server says of one verb; `allowed` null: it did not say, and `why`. */
export type Review = { readonly verb: string; readonly allowed: boolean | null; readonly why: string }

/** Text as JSON; null: it is none. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

const review = async (ask: AskKube, permission: Permission, verb: string): Promise<Review> => {
  const answer = await ask(REVIEWS, accessReview(permission, verb))
  if (answer.kind === 'unanswered') return { verb, allowed: null, why: answer.why }
  const allowed = member(member(parsed(answer.text), 'status'), 'allowed')
  if (typeof allowed === 'boolean') return { verb, allowed, why: '' }
  return { verb, allowed: null, why: `HTTP ${answer.status} ${shownText(answer.text)}` }
}

/** Asks the API server whether it would allow each verb (SelfSubjectAccessReview, authorization.k8s.io/v1). */
export const reviewAccess = async (ask: AskKube, permission: Permission): Promise<readonly Review[]> => {
  const reviews: Review[] = []
  for (const verb of permission.verbs) reviews.push(await review(ask, permission, verb))
  return reviews
}
