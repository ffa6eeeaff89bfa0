import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  GetStreamRequestSchema,
  GetStreamResponseSchema,
  GreeterService,
} from '../../../../../../../gen/greeter/v1/greeter_pb.js'
import { ServerSentEventsSchema } from '../../../../../../../gen/portico/options/v1/options_pb.js'
import type { HttpBinding } from '../../../../../../../server/rpc/protocols/rest/binding/http-binding.ts'
import {
  createMethodEvents,
  eventsOf,
  type MethodEvents,
} from '../../../../../../../server/rpc/protocols/rest/streams/method-events.ts'
import { LibraryService } from '../../../../../../gen/library/v1/library_pb.js'
import { bindingsOf } from '../../../../../../support/bind-request.ts'

const BINDING = bindingsOf(GreeterService.method.getStream)[0] as HttpBinding

function events(init: MessageInitShape<typeof ServerSentEventsSchema>, binding: HttpBinding = BINDING): MethodEvents {
  return createMethodEvents(binding, create(ServerSentEventsSchema, init))
}

function ofGreeter(): MethodEvents {
  const found = eventsOf(BINDING)
  if (found === null) throw new Error('GetStream has no events')
  return found
}

describe('T3 the events of GetStream', () => {
  test('have epoch and sequence as their ids, and resume after them', () => {
    const id = ofGreeter().idOf(
      create(GetStreamResponseSchema, { epoch: 'k3x', sequence: 18_446_744_073_709_551_615n }),
    )
    expect(id).toBe('k3x:18446744073709551615')
    const request = create(GetStreamRequestSchema, { topic: 'a', afterSequence: 0n, limit: 3 })
    ofGreeter().resume(request, 'k3x:18446744073709551615')
    expect(request).toMatchObject({ topic: 'a', limit: 3, epoch: 'k3x', afterSequence: 18_446_744_073_709_551_615n })
  })

  test('any id that is written is read back', () => {
    const anyEpoch = fc.oneof(fc.string(), fc.constantFrom(':', '%', '%3A', ' a\n\0', '::', '{}', '\u{1f600}'))
    fc.assert(
      fc.property(anyEpoch, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (epoch, sequence) => {
        const id = ofGreeter().idOf(create(GetStreamResponseSchema, { epoch, sequence }))
        if (epoch === '' && sequence === 0n) return id === null
        expect(id).toMatch(/^[\x21-\x7e]+$/)
        const request = create(GetStreamRequestSchema)
        ofGreeter().resume(request, id ?? '')
        return request.epoch === epoch && request.afterSequence === sequence
      }),
    )
  })

  test('a message without epoch and sequence has no id, so that its client keeps the id before it', () => {
    expect(ofGreeter().idOf(create(GetStreamResponseSchema, { data: 'x' }))).toBeNull()
    expect(ofGreeter().idOf(create(GetStreamResponseSchema, { epoch: 'e' }))).toBe('e:0')
    expect(ofGreeter().idOf(create(GetStreamResponseSchema, { sequence: 2n }))).toBe(':2')
  })

  test('a lone surrogate does not end the stream', () => {
    expect(ofGreeter().idOf(create(GetStreamResponseSchema, { epoch: '\ud800' }))).toBe('%EF%BF%BD:0')
  })

  test.each([undefined, ''])('Last-Event-ID %j changes nothing', (id) => {
    const request = create(GetStreamRequestSchema, { afterSequence: 4n })
    ofGreeter().resume(request, id)
    expect(request).toEqual(create(GetStreamRequestSchema, { afterSequence: 4n }))
  })

  test.each([
    ['k3x', 'last-event-id: "k3x" is not an id of these events'],
    ['%:1', 'last-event-id: "%:1" is not an id of these events'],
    ['%ff:1', 'last-event-id: "%ff:1" is not an id of these events'],
    ['a:b:1', 'last-event-id parameter after_sequence: "b:1" is not a uint64 (0 to 18446744073709551615)'],
    ['k3x:', 'last-event-id parameter after_sequence: "" is not a uint64 (0 to 18446744073709551615)'],
    ['k3x:-1', 'last-event-id parameter after_sequence: "-1" is not a uint64 (0 to 18446744073709551615)'],
  ])('Last-Event-ID %j is refused', (id, message) => {
    expect(() => ofGreeter().resume(create(GetStreamRequestSchema), id)).toThrow(
      expect.objectContaining({ code: Code.InvalidArgument, rawMessage: message }),
    )
  })
})

test('T3 text may stand around the fields, which may be of nested messages', () => {
  const found = events({ eventId: 'v1/{time.seconds}//{topic};x', retryMs: 5 })
  expect(found.retryMs).toBe(5)
  expect(found.idOf(create(GetStreamResponseSchema, { topic: 'a/b', time: { seconds: 7n } }))).toBe('v1/7//a%2Fb;x')
  expect(found.idOf(create(GetStreamResponseSchema, { topic: 'a' }))).toBe('v1/0//a;x')
})

test('T3 events without resume ignore Last-Event-ID', () => {
  const request = create(GetStreamRequestSchema)
  events({ eventId: '{sequence}' }).resume(request, '7')
  expect(request).toEqual(create(GetStreamRequestSchema))
})

const FAULTS: readonly (readonly [init: MessageInitShape<typeof ServerSentEventsSchema>, fault: string])[] = [
  [{ eventId: 'x' }, 'event_id: names no field: write {field}'],
  [{ eventId: '{sequence' }, 'event_id: "{sequence" has no closing brace'],
  [{ eventId: '{sequence}}' }, 'event_id: "}" must be printable ASCII without spaces and braces'],
  [{ eventId: '{sequence} ' }, 'event_id: " " must be printable ASCII without spaces and braces'],
  [{ eventId: '{sequence}\n' }, 'event_id: "\\n" must be printable ASCII without spaces and braces'],
  [{ eventId: '{nothing}' }, 'event_id: {nothing} is not a field of greeter.v1.GetStreamResponse'],
  [{ eventId: '{time.nothing}' }, 'event_id: {time.nothing} is not a field of greeter.v1.GetStreamResponse'],
  [{ eventId: '{time}' }, 'event_id: {time} must be a singular string or integer'],
  [{ eventId: '{reset}' }, 'event_id: {reset} must be a singular string or integer'],
  [{ eventId: '{epoch}{sequence}' }, 'event_id: "" between two fields could be part of a value: write ":" or "/"'],
  [{ eventId: '{epoch}-{sequence}' }, 'event_id: "-" between two fields could be part of a value: write ":" or "/"'],
  [{ resume: '{after_sequence}' }, 'resume: needs event_id'],
  [{ eventId: '{sequence}', resume: '{sequence}' }, 'resume: {sequence} is not a field of greeter.v1.GetStreamRequest'],
  [
    { eventId: '{epoch}:{sequence}', resume: '{after_sequence}' },
    'resume: must be the text of event_id with other fields',
  ],
  [
    { eventId: '{epoch}:{sequence}', resume: '{epoch}/{after_sequence}' },
    'resume: must be the text of event_id with other fields',
  ],
  [{ eventId: '{topic}', resume: '{topic}' }, 'resume: {topic} is set by the path'],
]

test.each(FAULTS)('T3 at start-up, %j is refused: %s', (init, fault) => {
  expect(() => events(init)).toThrow(new RangeError(`invalid events of greeter.v1.GreeterService/GetStream: ${fault}`))
})

test('T3 only server streams have events', () => {
  const [binding] = bindingsOf(LibraryService.method.getShelf)
  expect(() => events({ eventId: '{name}' }, binding)).toThrow('GetShelf: the method has no server stream')
})
