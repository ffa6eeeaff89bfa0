/** Messages of the greeter in their envelopes. */
import { create, toBinary } from '@bufbuild/protobuf'
import {
  GetStreamRequestSchema,
  PutStreamRequestSchema,
  SayHelloRequestSchema,
} from '../../../gen/greeter/v1/greeter_pb.js'
import { envelope } from '../calls.ts'

/** By method. */
export const messages = {
  hello: (name: string) => envelope(toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name }))),
  put: (data: string) => envelope(toBinary(PutStreamRequestSchema, create(PutStreamRequestSchema, { data }))),
  get: (topic: string, limit: number) =>
    envelope(toBinary(GetStreamRequestSchema, create(GetStreamRequestSchema, { topic, limit }))),
} as const
