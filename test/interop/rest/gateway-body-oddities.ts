/** What else can be unusual about the JSON body of a request to grpc-gateway: forms of values that its parser and ours may read differently. */
import type { RequestDraft } from './request-draft.ts'
import { changeBody, type RequestOddity } from './request-oddities.ts'

/** All of them. */
export const GATEWAY_BODY_ODDITIES = [
  {
    name: 'form of a number',
    apply: (draft, random) =>
      field(draft, random.pick(['int32Value', 'int64Value', 'uint32Value', 'doubleValue']), random.pick(NUMBERS)),
  },
  {
    name: 'form of an enum',
    apply: (draft, random) =>
      field(
        draft,
        'enumValue',
        random.pick(['1', '-1', '77', '"KIND_ONE"', '"kind_one"', '"NO_SUCH"', '"1"', '1.0', '1.5']),
      ),
  },
  {
    name: 'form of bytes',
    apply: (draft, random) =>
      field(
        draft,
        'bytesValue',
        random.pick(['"_-8="', '"_-8"', '"/+8="', '"/+8"', '"A"', '"*"', '"AA=A"', '"AB"', '"A A="']),
      ),
  },
  { name: 'form of a timestamp', apply: (draft, random) => field(draft, 'timestamp', random.pick(TIMESTAMPS)) },
  { name: 'form of a duration', apply: (draft, random) => field(draft, 'duration', random.pick(DURATIONS)) },
  {
    name: 'form of a field mask',
    apply: (draft, random) =>
      field(draft, 'fieldMask', random.pick(['"a_b"', '"aB.c"', '"a,,b"', '","', '"a.b,c.d"', '"aB"', '" a"'])),
  },
  { name: 'form of an Any', apply: (draft, random) => field(draft, 'any', random.pick(ANYS)) },
  {
    name: 'form of text',
    apply: (draft, random) =>
      field(
        draft,
        'stringValue',
        random.pick(['"\\ud83d\\ude00"', '"\\u0000"', '"\\/"', '"\\t"', '"\u2028"', '"\\uD83D\\uDE00\\u00e9"']),
      ),
  },
  {
    name: 'malformed text',
    apply: (draft, random) =>
      field(draft, 'stringValue', random.pick(['"\\ud83d"', '"\\x"', '"\t"', '"\\ude00\\ud83d"', '"\\u12"'])),
  },
  {
    name: 'null in a list',
    apply: (draft, random) => field(draft, random.pick(['strings', 'nesteds', 'enums', 'int64s']), '[null]'),
  },
  {
    name: 'null in a map',
    apply: (draft, random) =>
      field(draft, random.pick(['stringToString', 'stringToNested', 'stringToInt64']), '{"a":null}'),
  },
  {
    name: 'forms of a map key',
    apply: (draft, random) =>
      field(
        draft,
        random.pick(['int32ToString', 'boolToString']),
        random.pick(['{"1":"a"}', '{"true":"a"}', '{"01":"a"}', '{"1.0":"a"}', '{"1":"a","1":"b"}']),
      ),
  },
  { name: 'both names in the body', apply: (draft) => field(draft, 'int32_value', '1,"int32Value":2') },
  { name: 'two members of a oneof in the body', apply: (draft) => field(draft, 'chosenText', '"a","chosenNumber":2') },
  { name: 'nested 60 deep', apply: (draft) => field(draft, 'value', '['.repeat(60) + ']'.repeat(60)) },
  { name: 'nested 300 deep', apply: (draft) => field(draft, 'value', '['.repeat(300) + ']'.repeat(300)) },
  { name: 'nested 20,000 deep', apply: (draft) => field(draft, 'value', '['.repeat(20_000) + ']'.repeat(20_000)) },
  { name: 'two values in the body', apply: (draft) => changeBody(draft, (text) => `${text}{}`) },
  { name: 'null as the body', apply: (draft) => changeBody(draft, () => 'null') },
  {
    name: 'other JSON as the body',
    apply: (draft, random) => changeBody(draft, () => random.pick(['[]', '"a"', '1', 'true', '{}'])),
  },
] as const satisfies readonly RequestOddity[]

const NUMBERS = [
  '1',
  '1.0',
  '1e2',
  '1.5',
  '"1"',
  '"1.0"',
  '"1e2"',
  '" 1"',
  '""',
  '-0',
  '01',
  '+1',
  '1E2',
  '"0x1"',
  '99999999999',
  '"99999999999"',
  'true',
  '"1_0"',
  '1e400',
  '"-0"',
]

const TIMESTAMPS = [
  '"2024-02-29T12:34:56Z"',
  '"2024-02-29T12:34:56.123456789+05:30"',
  '"2024-02-29t12:34:56z"',
  '"2024-02-29 12:34:56Z"',
  '"2024-02-29T12:34:56.1234567891Z"',
  '"2023-02-29T12:34:56Z"',
  '"2024-02-29T24:00:00Z"',
  '"2024-12-31T23:59:60Z"',
  '"0000-01-01T00:00:00Z"',
  '"0001-01-01T00:00:00Z"',
  '"10000-01-01T00:00:00Z"',
  '"2024-02-29"',
  '"2024-02-29T12:34:56"',
  '"2024-02-29T12:34:56.Z"',
  '"2024-02-29T12:34:56+24:00"',
  '"0001-01-01T00:00:00+01:00"',
  '1',
]

const DURATIONS = [
  '"1s"',
  '"1.s"',
  '".5s"',
  '"1.5"',
  '"1h"',
  '"-1.000000001s"',
  '"315576000000s"',
  '"315576000001s"',
  '"1.0000000001s"',
  '"+1s"',
  '"1e2s"',
  '" 1s"',
  '"-0.5s"',
  '1',
]

const ANYS = [
  '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}',
  '{"@type":"type.googleapis.com/kinds.v1.Nested","text":"a","number":1}',
  '{"@type":"kinds.v1.Nested","text":"a"}',
  '{"@type":"/kinds.v1.Nested","text":"a"}',
  '{"text":"a","@type":"type.googleapis.com/kinds.v1.Nested"}',
  '{"@type":"type.googleapis.com/no.Such","text":"a"}',
  '{"text":"a"}',
  '{}',
  '{"@type":1}',
  '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1h"}',
  '{"@type":"type.googleapis.com/google.protobuf.Duration"}',
]

/** Adds a field to the body, in front. */
function field(draft: RequestDraft, name: string, json: string): boolean {
  const { method, rule } = draft
  const message =
    rule.body === '*' ? method.input : method.input.fields.find((each) => each.name === rule.body)?.message
  if (message?.fields.some((each) => each.jsonName === name || each.name === name) !== true) return false
  draft.body = `{"${name}":${json}}`
  return true
}
