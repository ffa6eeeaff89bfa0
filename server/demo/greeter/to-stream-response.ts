/** How a message of the topic hub looks on the wire. */
import { create, type MessageShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { AllStreamResponseSchema, GetStreamResponseSchema } from '../../../gen/greeter/v1/greeter_pb.js'
import type { TopicDelivery, TopicMessage } from '../topics/topic-hub.ts'
import { SharedResponses } from './shared-responses.ts'

/** A response of GetStream. Those of AllStream have the same fields, except `reset`. */
export type GetStreamResponse = MessageShape<typeof GetStreamResponseSchema>

/** A response of AllStream. */
export type AllStreamResponse = MessageShape<typeof AllStreamResponseSchema>

const getResponses = new SharedResponses((message) => create(GetStreamResponseSchema, fieldsOf(message)))
const allResponses = new SharedResponses((message) => create(AllStreamResponseSchema, fieldsOf(message)))

/** Turns what the hub delivers into a response of GetStream. */
export function toGetStreamResponse({ message, missed, isReset }: TopicDelivery): GetStreamResponse {
  if (missed === 0n && !isReset) return getResponses.of(message)
  return create(GetStreamResponseSchema, { ...fieldsOf(message), missed, reset: isReset })
}

/** Turns what the hub delivers into a response of AllStream. */
export function toAllStreamResponse({ message, missed }: TopicDelivery): AllStreamResponse {
  if (missed === 0n) return allResponses.of(message)
  return create(AllStreamResponseSchema, { ...fieldsOf(message), missed })
}

function fieldsOf({ topic, epoch, sequence, timeMs, data }: TopicMessage) {
  return { topic, sequence, time: timestampFromMs(timeMs), data, epoch }
}
