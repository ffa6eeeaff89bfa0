/** The JSON reader compared with that of protobuf-es: if no number is too long for a double, both read the same. */
import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { fromJsonString, toBinary } from '@bufbuild/protobuf'
import { ConnectError } from '@connectrpc/connect'
import { createMessageCodecs } from '../../../wire/message-codec.ts'
import { JSON_BOMBS } from '../json-bombs.ts'
import { NUMBER_TYPES, NumbersSchema } from '../number-schema.ts'
import type { FuzzTarget } from './fuzz-target.ts'

const json = { registry: NUMBER_TYPES, ignoreUnknownFields: true }
const codec = createMessageCodecs({ decodes: NumbersSchema, encodes: NumbersSchema }, { json, binary: undefined }).json

const TEXTS = [
  '{"i64":"9007199254740993","u64":1,"list":[1,-2,"3"],"byName":{"a":1,"__proto__":2},"byId":{"1":"2"},"chosen":5}',
  '{"child":{"children":[{"i32":1e3},{"ratio":0.5},{}]},"wrapped":"7","wrappers":[1,2],"text":"\\u00e9\\ud83d\\ude00"}',
  '{"any":{"@type":"type.googleapis.com/numbers.v1.Numbers","i64":1.0},"struct":{"a":[null,true,{"b":"c"}]},"value":[1]}',
  '{"any":{"@type":"type.googleapis.com/google.protobuf.Int64Value","value":10e-1},"extended":{"[numbers.v1.more]":3}}',
  '\ufeff { "unknown" : [ { "x" : "\\"\\\\" } , -0.0e+0 ] , "__proto__" : { "i64" : 1 } } ',
  '{"i64":1,"i64":2}',
  '{"text":"\\ud800"}',
  'null',
]

/** Numbers that are intentionally read differently. */
const LONG = /[\d.]{16}|\d[eE]/
/** Nesting that only protobuf-es parses. */
const MAX_LEVELS = 200

/** Finds input that one of the two accepts and the other does not. */
export const JSON_TARGET: FuzzTarget = {
  name: 'JSON',
  corpus: [...TEXTS, ...Object.values(JSON_BOMBS).map((make) => make(200))].map((text) => Buffer.from(text)),
  stepsPerOctet: 1,
  run(input) {
    const ours = outcomeOf(() => codec.decode(input))
    // As Connect decodes it: without the byte order mark.
    const text = new TextDecoder().decode(input)
    const isOdd = !isUtf8(input) || LONG.test(text) || text.split(/[[{]/).length > MAX_LEVELS
    if (!isOdd) {
      const theirs = outcomeOf(() => fromJsonString(NumbersSchema, text, json))
      assert.equal(ours, theirs)
    }
    return input.length
  },
}

/** The bytes of the message; null without one. */
function outcomeOf(read: () => unknown): string | null {
  try {
    return Buffer.from(toBinary(NumbersSchema, read() as never)).toString('hex')
  } catch (error) {
    assert(error instanceof ConnectError || error instanceof Error)
    return null
  }
}
