/** Watches of scripted server streams, without a server. */
import { Code, ConnectError } from '@connectrpc/connect'
import { watchStream } from '../../client/core/watch-stream.ts'
import type { WatchState, WatchStreamOptions } from '../../client/core/watch-stream-options.ts'
import type { StreamMethod } from '../../client/core/watched-call.ts'
import { untilAborted } from './until-aborted.ts'

/** What is watched, and the position to resume after. */
export interface WatchRequest {
  readonly shop?: string
  readonly epoch?: string
  readonly after?: number
}

/** A message with its position. */
export interface WatchMessage {
  readonly epoch?: string
  readonly number: number
}

/** The options of a scripted watch. */
export type ScriptedWatchOptions = WatchStreamOptions<WatchRequest, WatchMessage>

/** What one call does: yields these messages, then ends, fails, or stays open until it is canceled. */
export interface ScriptedCall {
  readonly messages?: readonly WatchMessage[]
  readonly failsWith?: unknown
  readonly isOpen?: boolean
}

/** An error of a script. */
export const failure = (code: Code) => new ConnectError('as the script says', code)
/** The usual reason to resume. */
export const UNAVAILABLE = failure(Code.Unavailable)
/** Messages with these positions. */
export const numbers = (...list: readonly number[]): WatchMessage[] => list.map((number) => ({ number }))

/** A client method that plays a script, and fails every call after its end. */
export function scripted(calls: readonly ScriptedCall[]) {
  const requests: WatchRequest[] = []
  const left: number[] = []
  const method: StreamMethod<WatchRequest, WatchMessage> = async function* (request, options) {
    const index = requests.push(request) - 1
    const call = calls[index]
    if (call === undefined) throw failure(Code.FailedPrecondition)
    options?.onHeader?.(new Headers())
    let isOver = false
    try {
      yield* call.messages ?? []
      if (call.isOpen === true) await untilAborted(options?.signal ?? new AbortController().signal)
      isOver = call.isOpen !== true
      if (call.failsWith !== undefined) throw call.failsWith
    } finally {
      if (!isOver) left.push(index)
    }
  }
  return { method, requests, left }
}

/** Watches without waiting until the watch ends or `count` messages came. */
export async function watchAll(
  calls: readonly ScriptedCall[],
  options: Partial<ScriptedWatchOptions> = {},
  count = Infinity,
) {
  const { method, requests, left } = scripted(calls)
  const states: WatchState[] = []
  const seen: number[] = []
  let error: unknown
  try {
    const watch = watchStream(method, {
      request: { shop: 'kiosk' },
      resumeAfter: ({ number }) => ({ after: number }),
      onState: (state) => void states.push(state),
      sleep: async () => {},
      random: () => 0.5,
      ...options,
    })
    for await (const { number } of watch) if (seen.push(number) === count) break
  } catch (thrown) {
    error = thrown
  }
  return { requests, left, states, seen, error }
}
