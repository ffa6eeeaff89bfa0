/** Compares what two transcoders made of one request. */
import { isDeepStrictEqual } from 'node:util'
import type { EchoApp, SeenCall } from './echo-app.ts'
import type { WireRequest, WireResponse } from './send-rest-request.ts'

/** A response, and what the handler received. */
export interface RestOutcome {
  readonly response: WireResponse
  readonly seen: SeenCall | null
}

/** Sends a request to a server, and returns what came of it. @param app whose handlers the request reaches */
export async function outcomeOf<R extends WireRequest>(
  client: { send(request: R): Promise<WireResponse> },
  app: EchoApp,
  request: R,
): Promise<RestOutcome> {
  app.take()
  const response = await client.send(request)
  return { response, seen: app.take() }
}

/** The first part in which outcomes differ. The later ones follow from it. */
export type Aspect = 'status' | 'message' | 'metadata' | 'body' | 'headers' | 'trailers'

/** A difference, for a report. */
export interface RestDifference {
  readonly aspect: Aspect
  readonly ours: unknown
  readonly theirs: unknown
  readonly statuses: { readonly ours: number; readonly theirs: number }
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
    metadata: withoutPadding(chosen(Object.fromEntries(outcome.seen?.metadata ?? []), names.metadata)),
    body: bodyOf(response, ours.seen !== null && theirs.seen !== null),
    headers: chosen(response.headers, names.header),
    trailers: chosen(response.trailers, names.header),
  })
  const left = parts([ours, ours.response])
  const right = parts([theirs, theirs.response])
  const statuses = { ours: ours.response.status, theirs: theirs.response.status }
  for (const aspect of ['status', 'message', 'metadata', 'body', 'headers', 'trailers'] as const) {
    if (!isDeepStrictEqual(left[aspect], right[aspect])) {
      return { aspect, ours: left[aspect], theirs: right[aspect], statuses }
    }
  }
  return null
}

function chosen(fields: Readonly<Record<string, string>>, choose: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => choose(name)))
}

/** The padding of binary metadata is optional, and gRPC leaves it out. */
function withoutPadding(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, name.endsWith('-bin') ? value.replace(/=+$/, '') : value]),
  )
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
