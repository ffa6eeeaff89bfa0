/** The fields of a call without anything special about it, as text for a log line: most lines of an access log. */
import type { CallEnd, CallStart } from '../../wire/call-observer.ts'
import { fieldsText } from './line-writer.ts'

/** The paths whose texts are kept for each protocol; those of methods are fewer. */
const MAX_PATHS = 10_000

/** The connections whose addresses are kept as text. */
const MAX_PEERS = 1_024

const VERSIONS: ReadonlyMap<string | undefined, string> = new Map([
  ['2', fieldsText({ httpVersion: '2.0' })],
  ['1.1', fieldsText({ httpVersion: '1.1' })],
])

/** Above it, about half an hour, durations are formatted as other numbers. */
const MAX_WHOLE_MICROSECONDS = 2 ** 31

/** `` for 0, `.25` for 250, `.001` for 1: the decimals of a thousandth. */
const THOUSANDTHS = Array.from({ length: 1_000 }, (_, at) => String(at / 1_000).slice(1))

/** Whether a call has only the fields that {@link PlainCallText} writes: a call of a method by its path that succeeded. */
export function isPlainSuccess({ protocol, method, route }: CallStart, end: CallEnd): boolean {
  const { code, error, errorId, requestId, httpStatus } = end
  const isSuccess = code === undefined && error === null && errorId === undefined
  const isPlain = protocol !== 'http' && method !== undefined && route === undefined && requestId === undefined
  return isSuccess && isPlain && (httpStatus === undefined || httpStatus === 200)
}

/** Remembers the texts that calls share. */
export class PlainCallText {
  readonly #protocols = new Map<string, Map<string, string>>()
  readonly #peers = new Map<string, string>()

  /** Returns the fields, each with a comma before it. */
  of({ protocol, path, httpVersion }: CallStart, end: CallEnd): string {
    const { durationMs, receivedBytes, sentBytes, peer, trace } = end
    const numbers = `${durationText(durationMs)},"receivedBytes":${receivedBytes},"sentBytes":${sentBytes}`
    const version = VERSIONS.get(httpVersion) ?? fieldsText({ httpVersion })
    const text = this.#names(protocol, path) + numbers + this.#textOf(peer) + version
    return trace === undefined ? text : text + fieldsText(trace.ids)
  }

  /** Up to the name of the duration. */
  #names(protocol: string, path: string): string {
    const paths = this.#protocols.get(protocol) ?? new Map<string, string>()
    const known = paths.get(path)
    if (known !== undefined) return known
    const text = `${fieldsText({ method: path.slice(1), protocol, code: 'ok' })},"durationMs":`
    if (paths.size < MAX_PATHS) this.#protocols.set(protocol, paths.set(path, text))
    return text
  }

  #textOf(peer: string): string {
    const known = this.#peers.get(peer)
    if (known !== undefined) return known
    const text = fieldsText({ peer })
    if (this.#peers.size >= MAX_PEERS) this.#peers.clear()
    this.#peers.set(peer, text)
    return text
  }
}

/** As JSON has `Math.round(ms * 1_000) / 1_000`, without the search for the shortest decimals. */
function durationText(ms: number): string {
  const microseconds = Math.round(ms * 1_000)
  if (!(microseconds >= 0 && microseconds < MAX_WHOLE_MICROSECONDS)) return JSON.stringify(microseconds / 1_000)
  return `${Math.trunc(microseconds / 1_000)}${THOUSANDTHS[microseconds % 1_000]}`
}
