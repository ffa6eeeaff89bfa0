/** Where the two lanes differ, and why. */
import { zstd } from '../../wire/compression/compression.ts'
import type { GeneratedCall } from '../support/differential/call-generator.ts'
import { SAID } from '../support/differential/commanded-service.ts'
import type { Observation } from '../support/differential/observe-call.ts'

/** One difference. */
export interface Difference {
  readonly fact: string
  readonly reference: string | undefined
  readonly native: string | undefined
}

/** The call around a difference. */
export interface DifferenceContext {
  readonly call: GeneratedCall
  readonly reference: Observation
  readonly native: Observation
}

/** An intended kind of difference. */
export interface LaneDifference {
  readonly reason: string
  readonly explains: (difference: Difference, context: DifferenceContext) => boolean
}

/** Only if this version of Node has a reliable zstd. */
const ZSTD_PREFERENCE: LaneDifference = {
  reason: 'the native lane prefers zstd where the client does',
  explains: ({ native }, { call }) => isOdd(call, 'accepts several') && native === 'zstd',
}
const ZSTD_DIFFERENCES = zstd === undefined ? [] : [ZSTD_PREFERENCE]

/** The first one that explains a difference counts. Those that explain all of a call come first. */
export const LANE_DIFFERENCES: readonly LaneDifference[] = [
  // Whole calls that only one lane serves, or that each refuses in its own way.
  {
    reason: "gRPC-Web's text form is not in Connect",
    explains: (_, { call, reference }) => call.protocol === 'grpc-web-text' && reference.get('status') === '415',
  },
  {
    reason: 'Fastify decodes the path before it compares; the native lane serves a method under its own name alone',
    explains: (_, { call, native }) => isOdd(call, 'escaped letter') && native.get('served') === '',
  },
  {
    reason: 'a field value with space at its ends is malformed over HTTP/2 (RFC 9113 section 8.2.1)',
    explains: (_, { call, native }) => isOdd(call, 'type with space around') && native.has('failure'),
  },
  {
    reason: 'the native lane refuses envelope flags that have no meaning, and an end-stream message of a client',
    explains: (_, { native }) => native.get('end message') === 'unknown envelope flags',
  },
  {
    reason: 'the native lane inflates zstd',
    explains: (_, { call, reference }) =>
      isOdd(call, 'zstd') && /unknown compression "zstd"/.test(messageOf(reference)),
  },
  {
    reason: 'what does not inflate is INVALID_ARGUMENT: the client is at fault, and nothing inside',
    explains: (_, { reference, native }) =>
      messageOf(reference) === 'decompression failed' && messageOf(native) === 'the message is not gzip',
  },

  {
    reason: 'the native lane bounds how deep JSON nests, in unknown fields too',
    explains: (_, { call, native }) =>
      isOdd(call, 'a deep unknown field') && /nested deeper than 200 levels/.test(messageOf(native)),
  },
  {
    reason: 'the verb is wrong whatever the content type: Fastify looks at the type first',
    explains: (_, { call, reference, native }) =>
      call.init.method !== 'POST' && reference.get('status') === '415' && native.get('status') === '405',
  },
  {
    reason: 'a GET has no body whose type could be wrong',
    explains: (_, { call, reference }) =>
      isOdd(call, 'a type that the verb needs not') && reference.get('status') === '415',
  },
  {
    reason: 'of two faults each lane finds its own first',
    explains: ({ fact }, { call, reference, native }) =>
      /^(status|served|end .*)$/.test(fact) && call.oddities.length > 1 && !isOk(reference) && !isOk(native),
  },

  // Single facts.
  {
    reason: 'a 64-bit integer written as a JSON number is exact; Connect rounds it to a double',
    explains: ({ fact, reference, native }, { call }) =>
      isOdd(call, 'a long integer') &&
      fact === 'served' &&
      native === reference?.replaceAll('after 9007199254740992', 'after 9007199254740993'),
  },
  ...ZSTD_DIFFERENCES,
  {
    reason: 'metadata of the protocols and of HTTP is no matter of services: Connect lets some of it through',
    explains: ({ fact, reference, native }, { call }) =>
      call.commands.includes('reserved') && RESERVED.get(fact) === reference && native !== reference,
  },
  {
    reason:
      'a failure before the first message is one block of headers, Trailers-Only, of which gRPC clients may try again',
    explains: ({ fact, reference, native }) => fact === 'end in' && reference === 'trailer' && native === 'header',
  },
  {
    reason: 'an answer without messages has no encoding to state',
    explains: ({ fact, native }, context) =>
      /encoding$/.test(fact) && native === undefined && !isOk(context.native) && !context.native.has('message 0'),
  },
  {
    reason: 'of an encoding that is not served, the native lane names the served ones in a field, too',
    explains: ({ fact, reference, native }, context) =>
      /accept-encoding$/.test(fact) &&
      reference === undefined &&
      native !== undefined &&
      ['12', 'unimplemented'].includes(context.native.get('end code') ?? ''),
  },
  {
    reason: 'the answer to a GET depends on accept-encoding, and the native lane says so to caches',
    explains: ({ fact, reference, native }, { call }) =>
      call.init.method === 'GET' && fact === 'header vary' && reference === undefined && native === 'accept-encoding',
  },
  {
    reason: 'of a refused content type or verb, each lane says in its own order and detail what would be right',
    explains: ({ fact }, { native }) =>
      (fact === 'header accept-post' && native.get('status') === '415') ||
      (fact === 'header allow' && native.get('status') === '405'),
  },
  {
    reason: "the words of errors are each lane's own; those of services are not",
    explains: ({ fact, reference, native }, context) =>
      fact === 'end message' && !isServices(reference) && !isServices(native) && hasSameEnd(context),
  },
  {
    reason: 'a GET response is not cached unless the service sets its lifetime',
    explains: ({ fact, reference, native }, { call }) =>
      call.init.method === 'GET' && fact === 'header cache-control' && reference === undefined && native === 'no-store',
  },
  {
    reason: 'the native lane explains a refused content type in a sentence; Connect sends the status only',
    explains: ({ fact }, { reference, native }) =>
      /^(header content-type|message 0)$/.test(fact) &&
      reference.get('status') === '415' &&
      native.get('status') === '415' &&
      native.get('header content-type') === 'text/plain; charset=utf-8',
  },
  {
    reason: 'octets behind the only message are a second one, whole or not',
    explains: ({ fact }, { reference, native }) =>
      fact.startsWith('end ') &&
      messageOf(reference) === 'protocol error: incomplete envelope' &&
      messageOf(native) === 'the call takes one message, but more were sent',
  },
  {
    reason: 'a handler is not started for a call that cannot be read',
    explains: ({ fact, reference, native }) =>
      fact === 'served' && native === '' && /\| broken (Unimplemented|InvalidArgument)$/.test(reference ?? ''),
  },
]

/** Connect's error for a service that sets reserved metadata. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['header grpc-encoding', 'none'],
  ['trailer grpc-status', '7'],
  ['trailer grpc-message', 'no'],
  ['header trailer-grpc-status', '7'],
  ['header trailer-grpc-message', 'no'],
  ['end code', '7'],
  ['end message', 'no'],
])

function isOdd({ oddities }: GeneratedCall, name: string): boolean {
  return oddities.includes(name)
}

function messageOf(observation: Observation): string {
  return observation.get('end message') ?? ''
}

function isOk(observation: Observation): boolean {
  return ['0', 'ok', undefined].includes(observation.get('end code'))
}

function isServices(message = ''): boolean {
  return message.startsWith(SAID)
}

function hasSameEnd({ reference, native }: DifferenceContext): boolean {
  return reference.get('end code') === native.get('end code')
}
