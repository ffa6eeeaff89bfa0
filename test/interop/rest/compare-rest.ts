/** Compares what two transcoders made of one request. */
import { isDeepStrictEqual } from 'node:util'
import type { SeenCall } from './echo-app.ts'
import type { WireResponse } from './send-rest-request.ts'

/** A response, and what the handler received. */
export interface RestOutcome {
  readonly response: WireResponse
  readonly seen: SeenCall | null
}

/** The first part in which outcomes differ. The later ones follow from it. */
export type Aspect = 'status' | 'message' | 'metadata' | 'body' | 'headers' | 'trailers'

/** A difference, for a report. */
export interface RestDifference {
  readonly aspect: Aspect
  readonly ours: unknown
  readonly theirs: unknown
}

/** What is compared of headers and metadata. */
export interface ComparedNames {
  /** Whether a response header is part of the comparison. */
  header(name: string): boolean
  /** Whether metadata of the request is. */
  metadata(name: string): boolean
}

/**
 * Compares status, the request that the handler received, body, headers and trailers. The texts of errors are compared only if the
 * handler wrote them.
 *
 * @returns null if all of them are equal
 */
export function compareRest(ours: RestOutcome, theirs: RestOutcome, names: ComparedNames): RestDifference | null {
  const parts = ([outcome, response]: readonly [RestOutcome, WireResponse]): Readonly<Record<Aspect, unknown>> => ({
    status: response.status,
    message: { method: outcome.seen?.method, messages: outcome.seen?.messages },
    metadata: chosen(Object.fromEntries(outcome.seen?.metadata ?? []), names.metadata),
    body: bodyOf(response, ours.seen !== null && theirs.seen !== null),
    headers: chosen(response.headers, names.header),
    trailers: chosen(response.trailers, names.header),
  })
  const left = parts([ours, ours.response])
  const right = parts([theirs, theirs.response])
  for (const aspect of ['status', 'message', 'metadata', 'body', 'headers', 'trailers'] as const) {
    if (!isDeepStrictEqual(left[aspect], right[aspect])) {
      return { aspect, ours: left[aspect], theirs: right[aspect] }
    }
  }
  return null
}

function chosen(fields: Readonly<Record<string, string>>, choose: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => choose(name)))
}

/** Bodies as JSON, one value per line; text that is not JSON stays as it is. */
function bodyOf({ status, body }: WireResponse, isOfHandler: boolean): unknown {
  const lines = body.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const json = parsed(line)
    return status >= 400 && !isOfHandler ? withoutMessage(json) : json
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function withoutMessage(json: unknown): unknown {
  return typeof json === 'object' && json !== null && 'message' in json ? { ...json, message: '' } : json
}
