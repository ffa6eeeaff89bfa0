import { create, createRegistry } from '@bufbuild/protobuf'
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { formatMessage, parseMessage } from '../../../../../../client/node/cli/call/json-messages.ts'
import { InputError } from '../../../../../../client/node/cli/terminal/input-error.ts'
import { PublishResponseSchema, SayHelloRequestSchema } from '../../../../../../gen/greeter/v1/greeter_pb.js'

const registry = createRegistry(SayHelloRequestSchema)
const packed = anyPack(SayHelloRequestSchema, create(SayHelloRequestSchema, { name: 'World' }))
const PACKED_JSON = '{"@type":"type.googleapis.com/greeter.v1.SayHelloRequest","name":"World"}'

test('a message is one line, or several for people', () => {
  const message = create(PublishResponseSchema, { sequence: 7n })
  expect(formatMessage(PublishResponseSchema, message, { isPretty: false })).toBe('{"sequence":"7"}')
  expect(formatMessage(PublishResponseSchema, message, { isPretty: true })).toBe('{\n  "sequence": "7"\n}')
})

test('an Any is read and written when its type is known', () => {
  expect(parseMessage(AnySchema, PACKED_JSON, { place: 'data', registry })).toEqual(packed)
  expect(JSON.parse(formatMessage(AnySchema, packed, { isPretty: false, registry }))).toEqual(JSON.parse(PACKED_JSON))
})

test('an Any of an unknown type is refused with the name of the type', () => {
  const format = () => formatMessage(AnySchema, packed, { isPretty: false, registry: createRegistry() })
  expect(format).toThrow(InputError)
  expect(format).toThrow('greeter.v1.SayHelloRequest')
})

test.each([
  ['{"name":1}', /^line 3: .*greeter\.v1\.SayHelloRequest\.name/],
  ['{"nam":"x"}', /^line 3: .*"nam" is unknown/],
  ['{', /^line 3: ./],
])('%s is refused with its place', (text, sentence) => {
  const parse = () => parseMessage(SayHelloRequestSchema, text, { place: 'line 3', registry })
  expect(parse).toThrow(InputError)
  expect(parse).toThrow(sentence)
})
