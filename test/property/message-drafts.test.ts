/** Drafts of the console against protobuf-es, for random messages with fields of all kinds. */
import { readFileSync } from 'node:fs'
import {
  createFileRegistry,
  createRegistry,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type JsonValue,
  type Registry,
  toBinary,
  toJson,
  toJsonString,
} from '@bufbuild/protobuf'
import { FileDescriptorSetSchema, file_google_protobuf_duration } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonPath } from '../../console/app/message/json/json-node.ts'
import { MessageDraft } from '../../console/app/message/message-draft.ts'
import { file_kinds_v1_kinds } from '../gen/kinds/v1/kinds_pb.js'
import { file_kinds_v1_legacy } from '../gen/kinds/v1/legacy_pb.js'
import { file_orders_v1_orders } from '../gen/orders/v1/orders_pb.js'
import { randomMessage } from '../support/arbitrary-message.ts'

const ours = createRegistry(
  file_kinds_v1_kinds,
  file_kinds_v1_legacy,
  file_orders_v1_orders,
  file_google_protobuf_duration,
)
const theirs = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(new URL('../gen/protobuf/test_messages.binpb', import.meta.url))),
)

const CASES: readonly (readonly [name: string, registry: Registry])[] = [
  ['kinds.v1.Kinds', ours],
  ['kinds.v1.Legacy', ours],
  ['orders.v1.PlaceRequest', ours],
  ['protobuf_test_messages.proto3.TestAllTypesProto3', theirs],
  ['protobuf_test_messages.proto2.TestAllTypesProto2', theirs],
  ['protobuf_test_messages.editions.TestAllTypesEdition2023', theirs],
]

/** Few, as each message has a hundred fields. */
const RUNS = { seed: 20_261_129, numRuns: 20, endOnFailure: true }

function octetsOf(draft: MessageDraft): string | null {
  const message = draft.message.value
  return message === null ? null : Buffer.from(toBinary(draft.schema, message)).toString('hex')
}

function errorsOf(draft: MessageDraft): string[] {
  return draft.faults.value.filter(({ severity }) => severity === 'error').map(({ message }) => message)
}

/** Makes a message as the form does: value by value, at paths. */
function enter(draft: MessageDraft, path: JsonPath, value: JsonValue): void {
  if (Array.isArray(value) && value.length > 0) {
    for (const [index, item] of value.entries()) {
      draft.append(path, 'null')
      enter(draft, [...path, index], item)
    }
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    draft.set(path, '{}')
    for (const [key, member] of Object.entries(value)) enter(draft, [...path, key], member)
  } else {
    draft.set(path, JSON.stringify(value))
  }
}

describe.each(CASES)('%s', (name, registry) => {
  const schema = registry.getMessage(name) as DescMessage

  it('is the message of its JSON', () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const message = randomMessage(schema, gen)
        const draft = new MessageDraft(schema, registry, toJsonString(schema, message, { registry }))
        expect(errorsOf(draft)).toEqual([])
        expect(octetsOf(draft)).toBe(Buffer.from(toBinary(schema, message)).toString('hex'))
        draft.setMessage(message)
        expect(draft.text.value).toBe(toJsonString(schema, message, { registry, prettySpaces: 2 }))
      }),
      RUNS,
    )
  })

  it('is the same when it is entered value by value', () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const message = randomMessage(schema, gen)
        const draft = new MessageDraft(schema, registry)
        enter(draft, [], toJson(schema, message, { registry }) as JsonValue)
        expect(errorsOf(draft)).toEqual([])
        expect(octetsOf(draft)).toBe(Buffer.from(toBinary(schema, message)).toString('hex'))
      }),
      { ...RUNS, numRuns: 10 },
    )
  })

  it('has errors whenever protobuf-es refuses its text', () => {
    const damage = fc.constantFrom('null', '"x"', '1.5', '-1', '{}', '[]', 'true', '"2026"', '1e40', '"1"')
    fc.assert(
      fc.property(fc.gen(), fc.nat(), damage, (gen, pick, wrong) => {
        const text = toJsonString(schema, randomMessage(schema, gen), { registry })
        const values = [...text.matchAll(/(?<=[:,[])(?:"(?:[^"\\]|\\.)*"(?!:)|[\w.+-]+)/g)]
        const value = values[pick % values.length]
        const changed =
          value === undefined ? text : text.slice(0, value.index) + wrong + text.slice(value.index + value[0].length)
        const draft = new MessageDraft(schema, registry, changed)
        let isRefused = false
        try {
          toBinary(schema, fromJsonString(schema, changed, { registry }))
        } catch {
          isRefused = true
        }
        if (isRefused) expect(errorsOf(draft)).not.toEqual([])
        else expect(errorsOf(draft)).toEqual([])
        // What the checks do not know would have a text of protobuf-es.
        expect(errorsOf(draft).join(' ')).not.toMatch(/can not be encoded/)
      }),
      { ...RUNS, numRuns: 60 },
    )
  })
})
