/** How a message of the topic hub looks on the wire. */
import { create, type MessageShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { AllStreamResponseSchema, GetStreamResponseSchema } from '../../../gen/greeter/v1/greeter_pb.js'
import { encodeOnce } from '../../../wire/codec/encode/encode-once.ts'
import type { TopicDelivery, TopicMessage } from '../topics/topic-hub.ts'

/** A response of GetStream. Those of AllStream have the same fields, except `reset`. */
export type GetStreamResponse = MessageShape<typeof GetStreamResponseSchema>

/** A response of AllStream. */
export type AllStreamResponse = MessageShape<typeof AllStreamResponseSchema>

/** The responses for subscribers that have missed nothing: one for all of them, which is encoded once. */
const getResponses = new WeakMap<TopicMessage, GetStreamResponse>()
const allResponses = new WeakMap<TopicMessage, AllStreamResponse>()

/** Turns what the hub delivers into a response of GetStream. */
export function toGetStreamResponse({ message, missed, isReset }: TopicDelivery): GetStreamResponse {
  if (missed > 0n || isReset) {
    return create(GetStreamResponseSchema, { ...fieldsOf(message), missed, reset: isReset })
  }
  let response = getResponses.get(message)
  if (response === undefined) {
    response = encodeOnce(create(GetStreamResponseSchema, fieldsOf(message)))
    getResponses.set(message, response)
  }
  return response
}

/** Turns what the hub delivers into a response of AllStream. */
export function toAllStreamResponse({ message, missed }: TopicDelivery): AllStreamResponse {
  if (missed > 0n) return create(AllStreamResponseSchema, { ...fieldsOf(message), missed })
  let response = allResponses.get(message)
  if (response === undefined) {
    response = encodeOnce(create(AllStreamResponseSchema, fieldsOf(message)))
    allResponses.set(message, response)
  }
  return response
}

function fieldsOf({ topic, epoch, sequence, timeMs, data }: TopicMessage) {
  return { topic, sequence, time: timestampFromMs(timeMs), data, epoch }
}
