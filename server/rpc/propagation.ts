/** What calls that handlers make take over from the call that they serve. */
import type { Inheritance } from '../../wire/call-scope.ts'
import type { OptionKinds, OptionShape } from '../../wire/options/check-options.ts'
import { isReservedField } from '../../wire/user-fields.ts'
import type { Peer } from './context-keys.ts'

/** Whether something of a caller is believed: always, never, or depending on the caller. A function that throws means no. */
export type CallerTrust = boolean | ((peer: Peer) => boolean)

/**
 * What outgoing calls of handlers take over from their callers, if they are made with `createTransport` of `portico/client`.
 */
export interface PropagationOptions {
  /** Request headers to pass on: names, or how they begin (`x-md-global-`), in lower case. Default: none. */
  readonly metadata?: readonly string[]
  /** Whether the caller's `baggage` is passed on. Default: false, as strangers could write what they like there. */
  readonly baggage?: CallerTrust
  /** Whether the caller's `traceparent` and `tracestate` are passed on. Spans of this server take precedence. Default: true. */
  readonly traceparent?: CallerTrust
  /** Whether the caller's remaining time and cancellation hold for outgoing calls too. Default: true. */
  readonly deadline?: CallerTrust
}

/** The names of the options, and what they can be. */
export const PROPAGATION_SHAPE: OptionShape = {
  kinds: {
    metadata: ['array'],
    baggage: ['boolean', 'function'],
    traceparent: ['boolean', 'function'],
    deadline: ['boolean', 'function'],
  } satisfies OptionKinds<PropagationOptions>,
}

/** The beginnings of names of protocols' own fields, and the fields that prove who calls, which are meant for this server only. */
const NOT_PASSED_ON = [
  'grpc-',
  'connect-',
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-api-key',
  'traceparent',
]

const FIELD_NAME = /^[a-z0-9_.-]+$/

/** Returns a phrase for each fault in `metadata`. */
export function propagationFaults({ metadata = [] }: PropagationOptions): string[] {
  return metadata.flatMap((name, index) => {
    const where = `propagation.metadata[${index}]`
    if (typeof name !== 'string' || !FIELD_NAME.test(name)) return [`${where} is not a header name in lower case`]
    const secret = NOT_PASSED_ON.find(
      (field) => field.startsWith(name) || (field.endsWith('-') && name.startsWith(field)),
    )
    if (secret === undefined && !isReservedField(name)) return []
    return [`${where} is "${name}", which ${secret === undefined ? 'HTTP owns' : `would pass on ${secret}`}`]
  })
}

/** The options, complete. Where they do not depend on the caller, all calls share one object. */
export class Propagation {
  readonly #prefixes: readonly string[]
  readonly #trust: { readonly baggage: CallerTrust; readonly traceparent: CallerTrust; readonly deadline: CallerTrust }
  readonly #fixed: Inheritance | null

  constructor({ metadata = [], baggage = false, traceparent = true, deadline = true }: PropagationOptions = {}) {
    this.#prefixes = Object.freeze([...metadata])
    this.#trust = { baggage, traceparent, deadline }
    const isFixed = [baggage, traceparent, deadline].every((trust) => typeof trust === 'boolean')
    this.#fixed = isFixed ? this.#decide(undefined) : null
  }

  /** Returns what a call takes over. The peer is looked at only if something depends on it. */
  from(call: { readonly peer: Peer }): Inheritance {
    return this.#fixed ?? this.#decide(call.peer)
  }

  #decide(peer: Peer | undefined): Inheritance {
    const { baggage, traceparent, deadline } = this.#trust
    return Object.freeze({
      metadataPrefixes: this.#prefixes,
      baggage: isTrusted(baggage, peer),
      traceparent: isTrusted(traceparent, peer),
      deadline: isTrusted(deadline, peer),
    })
  }
}

function isTrusted(trust: CallerTrust, peer: Peer | undefined): boolean {
  if (typeof trust === 'boolean') return trust
  try {
    return peer !== undefined && trust(peer) === true
  } catch {
    return false
  }
}

/** The defaults. */
export const DEFAULT_PROPAGATION = new Propagation()
