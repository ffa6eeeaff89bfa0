/** Rules are found, compiled at start-up, and checked within bounds. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { create, createFileRegistry, type DescMessage, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { hasRules } from '../../../../server/validation/has-rules.ts'
import { MessageRules } from '../../../../server/validation/message-rules.ts'
import {
  AddressSchema,
  PingRequestSchema,
  PingResponseSchema,
  PlaceRequestSchema,
  WatchRequestSchema,
} from '../../../gen/orders/v1/orders_pb.js'
import { compileProtos } from '../../../support/proto-schema.ts'

const VALIDATE = 'buf/validate/validate.proto'
const VALIDATE_TEXT = readFileSync(path.resolve(import.meta.dirname, '../../../protos', VALIDATE), 'utf8')

/** One message type with broken rules per row: its fields, the place in the error, and the reason. */
const BROKEN: readonly (readonly [name: string, body: string, place: string, reason: RegExp])[] = [
  [
    'Syntax',
    'string ok = 1; string a = 2 [(buf.validate.field).cel = {id: "x", expression: "this.("}];',
    '.a',
    /syntax/,
  ],
  ['Kind', 'string a = 1 [(buf.validate.field).int32.gt = 1];', '.a', /expected rule "string", got "int32"/],
  ['Name', 'string a = 1 [(buf.validate.field).cel = {id: "x", expression: "nope == 1"}];', '.a', /unresolved/],
  ['Function', 'string a = 1 [(buf.validate.field).cel = {id: "x", expression: "nope(this)"}];', '.a', /unbound/],
  ['Types', 'string a = 1 [(buf.validate.field).cel = {id: "x", expression: "this + 1"}];', '.a', /overload/],
  ['Pattern', 'string a = 1 [(buf.validate.field).string.pattern = "a("];', '.a', /regexp/],
  ['Message', 'option (buf.validate.message).cel = {id: "x", expression: "this.b"}; string a = 1;', '', /not found: b/],
  ['Oneof', 'option (buf.validate.message).oneof = {fields: ["a", "b"]}; string a = 1;', '', /"b" not found/],
  ['List', 'repeated string a = 1 [(buf.validate.field).repeated.items.int32.gt = 1];', '.a', /int32/],
]
const DECLARED = BROKEN.map(([name, body]) => `message ${name} { ${body} } message Outer${name} { ${name} inner = 1; }`)
const files = compileProtos({
  [VALIDATE]: VALIDATE_TEXT,
  'broken.proto': `syntax = "proto3"; package broken; import "${VALIDATE}"; ${DECLARED.join('\n')}
    message Divided {
      option (buf.validate.message).cel = {id: "x", message: "must divide", expression: "this.a / this.b == 1"};
      int32 a = 1;
      int32 b = 2;
    }`,
})
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files }))

function typeOf(name: string): DescMessage {
  const type = registry.getMessage(`broken.${name}`)
  if (type === undefined) throw new Error(`no type ${name}`)
  return type
}

function failOn(error: unknown): never {
  throw new Error('the rule was not expected to fail', { cause: error })
}

describe('the rules of a type', () => {
  test.each([
    [PlaceRequestSchema, true],
    [AddressSchema, true],
    [WatchRequestSchema, true],
    [PingRequestSchema, false],
    [PingResponseSchema, false],
    [typeOf('OuterOneof'), true],
  ])('cover %s: %s', (type, isCovered) => {
    expect(hasRules(type)).toBe(isCovered)
  })

  test('are compiled for types that contain themselves', () => {
    new MessageRules().compile(PlaceRequestSchema, failOn)
  })

  test.each(BROKEN)('%s do not compile', (name, _body, place, reason) => {
    for (const type of [typeOf(name), typeOf(`Outer${name}`)]) {
      const compile = () => new MessageRules().compile(type, failOn)
      expect(compile).toThrow(RangeError)
      expect(compile).toThrow(`validation rule of broken.${name}${place} fails: `)
      expect(compile).toThrow(reason)
    }
  })

  test('may fail for some messages', () => {
    const rules = new MessageRules()
    const errors: string[] = []
    rules.compile(typeOf('Divided'), ({ message }) => errors.push(message))
    expect(errors).toEqual([expect.stringMatching(/^validation rule of broken.Divided fails: .*zero/)])
    expect(
      rules.check(typeOf('Divided'), create(typeOf('Divided'), { a: 2, b: 2 } as Record<string, unknown>)),
    ).toBeNull()
    expect(() => rules.check(typeOf('Divided'), create(typeOf('Divided')))).toThrow('zero')
  })
})

describe('violations', () => {
  const rules = new MessageRules()
  const violationsOf = (init: Parameters<typeof create<typeof PlaceRequestSchema>>[1]) => {
    const violations = rules.check(PlaceRequestSchema, create(PlaceRequestSchema, init))
    if (violations === null) throw new Error('the message is valid')
    return violations
  }

  test('do not occur in a valid message', () => {
    const message = create(PlaceRequestSchema, { item: 'pen', quantity: 1, address: { city: 'Rome' } })
    expect(rules.check(PlaceRequestSchema, message)).toBeNull()
  })

  test.each([
    [{ item: 'pen', quantity: 101 }, 'quantity: must be greater than or equal to 1 and less than or equal to 100'],
    [{ quantity: 1 }, 'item: must be at least 1 characters'],
    [{}, 'item: must be at least 1 characters, and 1 more violation'],
    [{ tags: ['a', 'b'] }, 'item: must be at least 1 characters, and 3 more violations'],
    [{ item: 'pen', quantity: 1, address: {} }, 'address: either city or code must be set'],
    [
      { item: 'pen', quantity: 1, address: { city: 'Rome', next: {} } },
      'address.next: either city or code must be set',
    ],
    [{ item: 'pen', quantity: 1, others: { home: {} } }, 'others["home"]: either city or code must be set'],
  ])('in %j are described', (init, message) => {
    expect(violationsOf(init).toError()).toMatchObject({ code: Code.InvalidArgument, rawMessage: message })
  })

  test('in a large message are not collected', () => {
    const tags = Array.from({ length: 1_000_000 }, () => '')
    const violations = violationsOf({ item: 'pen', quantity: 1, tags })
    expect(violations).toMatchObject({ isPartial: true, list: [{ ruleId: 'string.min_len' }] })
    expect(violations.toError().rawMessage).toBe('tags[0]: must be at least 2 characters, and perhaps more violations')
  })

  test.each([
    ['many', { tags: Array(900).fill('') }],
    ['long', { others: { ['k'.repeat(3_000)]: {}, ['l'.repeat(3_000)]: {} } }],
  ])('that are %s fit into trailers', (_what, init) => {
    const error = violationsOf({ item: 'pen', quantity: 1, ...init }).toError()
    expect(error.rawMessage.length).toBeLessThan(600)
    const [detail] = error.details as unknown as [{ desc: DescMessage; value: { violations: unknown[] } }]
    expect(detail.value.violations.length).toBeGreaterThan(0)
    expect(toBinary(detail.desc, create(detail.desc, detail.value as Record<string, unknown>)).byteLength).toBeLessThan(
      4_500,
    )
  })

  test('one that is longer than a detail may be is in the message only', () => {
    const error = violationsOf({ item: 'pen', quantity: 1, others: { ['k'.repeat(9_000)]: {} } }).toError()
    expect(error.details).toEqual([])
    expect(error.rawMessage).toMatch(/^others\["k+\.\.\. \(90\d\d characters\)$/)
  })
})
