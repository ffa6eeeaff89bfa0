/** The fields of a call without anything special about it, as text for a log line: most lines of an access log. */
import type { CallEnd, CallStart } from '../../wire/call-observer.ts'
import { fieldsText, lineEnd } from './line-writer.ts'

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

const END = lineEnd('call')

/** What the lines of a path share. */
export interface PathText {
  /** Whether successes are logged at level debug. */
  readonly isQuiet: boolean
  /** The fields up to the name of the duration. */
  readonly text: string
}

/** Remembers the texts that calls share. */
export class PlainCallText {
  readonly #quiet: ReadonlySet<string>
  readonly #protocols = new Map<string, Map<string, PathText>>()
  readonly #peers = new Map<string, string>()
  /** Of the call before, which most often came on the same connection. */
  #peer = ''
  #httpVersion: string | undefined
  #origin = ''

  constructor(quietPaths: ReadonlySet<string>) {
    this.#quiet = quietPaths
    this.#origin = this.#newOrigin('', undefined)
  }

  pathOf({ protocol, path }: CallStart): PathText {
    const paths = this.#protocols.get(protocol) ?? new Map<string, PathText>()
    const known = paths.get(path)
    if (known !== undefined) return known
    const text = `${fieldsText({ method: path.slice(1), protocol, code: 'ok' })},"durationMs":`
    const added = { isQuiet: this.#quiet.has(path), text }
    if (paths.size < MAX_PATHS) this.#protocols.set(protocol, paths.set(path, added))
    return added
  }

  /** Returns the line from its first field to its end. */
  of({ text }: PathText, { httpVersion }: CallStart, end: CallEnd): string {
    const { durationMs, receivedBytes, sentBytes, peer, trace } = end
    const numbers = `${durationText(durationMs)},"receivedBytes":${receivedBytes},"sentBytes":${sentBytes}`
    const fields = text + numbers + this.#originOf(peer, httpVersion)
    return trace === undefined ? fields + END : fields + fieldsText(trace.ids) + END
  }

  /** The peer and the version of HTTP. */
  #originOf(peer: string, httpVersion: string | undefined): string {
    if (peer !== this.#peer || httpVersion !== this.#httpVersion) {
      this.#origin = this.#newOrigin(peer, httpVersion)
      this.#peer = peer
      this.#httpVersion = httpVersion
    }
    return this.#origin
  }

  #newOrigin(peer: string, httpVersion: string | undefined): string {
    return this.#textOf(peer) + (VERSIONS.get(httpVersion) ?? fieldsText({ httpVersion }))
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
