import { createRegistry, type DescMessage } from '@bufbuild/protobuf'
import { file_google_protobuf_any, file_google_protobuf_duration } from '@bufbuild/protobuf/wkt'
import { describe, expect, it } from 'vitest'
import { jsonPlace } from '../../../../../console/app/message/json/json-place.ts'
import { completionsAt } from '../../../../../console/app/message/schema/completions.ts'
import { file_kinds_v1_kinds, KindsSchema, NestedSchema } from '../../../../gen/kinds/v1/kinds_pb.js'
import { file_kinds_v1_legacy } from '../../../../gen/kinds/v1/legacy_pb.js'

const registry = createRegistry(
  file_kinds_v1_kinds,
  file_kinds_v1_legacy,
  file_google_protobuf_any,
  file_google_protobuf_duration,
)

/** Completes a text at its `|`. Returns what is replaced, and with what. */
function complete(marked: string, schema: DescMessage = KindsSchema): { replaced: string; texts: string[] } {
  const offset = marked.indexOf('|')
  const text = marked.replace('|', '')
  const place = jsonPlace(text, offset)
  if (place === null) return { replaced: '', texts: [] }
  const { start, end } = place.token
  return { replaced: text.slice(start, end), texts: completionsAt(schema, registry, place).map((each) => each.text) }
}

describe('keys', () => {
  it('are the fields that an object can still have', () => {
    expect(complete('{"text": "a", |', NestedSchema).texts).toEqual([
      '"number": ',
      '"name": ',
      '"inner": ',
      '"items": ',
      '"counts": ',
      '"left": ',
      '"right": ',
    ])
    expect(complete('{|"right": "", "items": [], "name": ""}', NestedSchema).texts).toEqual([
      '"text": ',
      '"number": ',
      '"inner": ',
      '"counts": ',
    ])
  })

  it('replace what is there of a key', () => {
    expect(complete('{"inn|')).toMatchObject({ replaced: '"inn' })
    expect(complete('{"inn|er": 1}', NestedSchema)).toMatchObject({ replaced: '"inner"' })
    // Its colon is there.
    expect(complete('{"te|": 1}', NestedSchema).texts).toContain('"text"')
  })

  it.each([
    ['{"nested": {"inner": {|'],
    ['{"nesteds": [{}, {|'],
    ['{"stringToNested": {"any key": {|'],
    ['{"any": {"@type": "x/kinds.v1.Nested", "inner": {|'],
  ])('of messages inside: %s', (marked) => {
    expect(complete(marked).texts).toContain('"counts": ')
  })

  it('of Any begin with its type', () => {
    expect(complete('{"any": {|').texts).toEqual(['"@type": '])
    expect(complete('{"any": {"@type": "x/kinds.v1.Nested", |').texts).toContain('"text": ')
    expect(complete('{"any": {"@type": "x/google.protobuf.Duration", |').texts).toEqual(['"value": '])
  })

  it('are unknown in maps and structs', () => {
    expect(complete('{"stringToString": {|').texts).toEqual([])
    expect(complete('{"struct": {|').texts).toEqual([])
    expect(complete('{"nope": {|').texts).toEqual([])
  })
})

describe('values', () => {
  it.each([
    ['{"boolValue": |', ['true', 'false', 'null']],
    ['{"boolValue": t|}', ['true', 'false', 'null']],
    ['{"enumValue": "|"}', ['"KIND_UNSPECIFIED"', '"KIND_ONE"', '"KIND_TWO"', '"KIND_LEAST"', 'null']],
    ['{"enums": ["KIND_ONE", |', ['"KIND_UNSPECIFIED"', '"KIND_ONE"', '"KIND_TWO"', '"KIND_LEAST"', 'null']],
    ['{"stringToEnum": {"a": |', ['"KIND_UNSPECIFIED"', '"KIND_ONE"', '"KIND_TWO"', '"KIND_LEAST"', 'null']],
    ['{"nullValue": |', ['null']],
    ['{"nested": |', ['{}', 'null']],
    ['{"nesteds": |', ['[]']],
    ['{"stringToNested": |', ['{}']],
    ['{"doubleValue": |', ['"NaN"', '"Infinity"', '"-Infinity"', 'null']],
    ['{"boolWrapper": |', ['true', 'false', 'null']],
    ['{"any": |', ['{"@type": ""}', 'null']],
    ['{"any": {"@type": "x/google.protobuf.Duration", "value": |', ['"1s"', '"0.250s"', '"60s"', '"3600s"', 'null']],
    ['{"value": {"deep": [|', ['true', 'false', 'null', '{}', '[]', '""']],
  ])('%s', (marked, texts) => {
    expect(complete(marked).texts).toEqual(texts)
  })

  it('of a type are those of the API', () => {
    expect(complete('{"any": {"@type": "ki|').texts).toContain('"type.googleapis.com/kinds.v1.Nested"')
  })

  it('of a time are now', () => {
    expect(complete('{"timestamp": |').texts[0]).toMatch(/^"\d{4}-\d\d-\d\dT/)
  })
})

it('knows its place behind quotes and escapes', () => {
  expect(jsonPlace('{"a\\"{": [1, ', 12)?.frames).toMatchObject([{ kind: 'object', key: 'a"{' }, { kind: 'array' }])
})
