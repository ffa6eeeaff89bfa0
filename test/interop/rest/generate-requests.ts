/**
 * Random REST requests for the methods of a proto, for comparisons with other transcoders. Most are valid, and a third have
 * an oddity. The same methods and seed give the same requests.
 */
import { type DescMethod, getOption } from '@bufbuild/protobuf'
import { http } from '../../../gen/google/api/annotations_pb.js'
import type { HttpRule } from '../../../gen/google/api/http_pb.js'
import { SeededRandom } from '../../support/seeded-random.ts'
import { createDraft, type RequestDraft } from './request-draft.ts'
import { ODDITIES, type OddityName, type RequestOddity } from './request-oddities.ts'

/** A request. */
export interface RestRequest<Name extends string = OddityName> {
  /** The method that it is meant for. */
  readonly method: DescMethod
  /** The rule, of the method or an additional binding, that it is meant for. */
  readonly rule: HttpRule
  readonly verb: string
  /** Path and query, as they are sent. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  /** Null for none. */
  readonly body: string | null
  /** What is unusual about it, by which lists of differences select requests. */
  readonly oddity: Name | null
}

/** Yields requests without end. */
export function generateRequests(methods: readonly DescMethod[], seed: number): Generator<RestRequest, never> {
  return generateOddRequests(methods, seed, ODDITIES)
}

/** Yields requests without end, with these oddities. */
export function* generateOddRequests<Name extends string>(
  methods: readonly DescMethod[],
  seed: number,
  oddities: readonly RequestOddity<Name>[],
): Generator<RestRequest<Name>, never> {
  const random = new SeededRandom(seed)
  const bindings = methods.flatMap((method) => rulesOf(method).map((rule) => ({ method, rule })))
  for (;;) {
    const { method, rule } = random.pick(bindings)
    const draft = createDraft(method, rule, random)
    const oddity = random.below(3) === 0 ? applyOddity(draft, random, oddities) : null
    const path = draft.path.map(({ text }) => text).join('')
    const query = draft.query.map(({ key, value }) => `${key}=${value}`).join('&')
    const { verb, headers, body } = draft
    yield { method, rule, verb, target: query === '' ? path : `${path}?${query}`, headers, body, oddity }
  }
}

/** Not every oddity applies to every request. */
const MAX_ODDITY_TRIES = 5

function applyOddity<Name extends string>(
  draft: RequestDraft,
  random: SeededRandom,
  oddities: readonly RequestOddity<Name>[],
): Name | null {
  for (let tries = 0; tries < MAX_ODDITY_TRIES; tries++) {
    const oddity = random.pick(oddities)
    if (oddity.apply(draft, random)) return oddity.name
  }
  return null
}

function rulesOf(method: DescMethod): readonly HttpRule[] {
  const rule = getOption(method, http)
  return [rule, ...rule.additionalBindings].filter(({ pattern }) => pattern.case !== undefined)
}
