import { readFileSync } from 'node:fs'
import { createFileRegistry, createRegistry, fromBinary, type Registry } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { expect, it, test } from 'vitest'
import { exampleOf } from '../../../../console/app/message/example-of.ts'
import { MessageDraft } from '../../../../console/app/message/message-draft.ts'
import { file_etcd_etcdserverpb_rpc } from '../../../../gen/etcd/etcdserverpb/rpc_pb.js'
import { file_greeter_v1_greeter, SayHelloRequestSchema } from '../../../../gen/greeter/v1/greeter_pb.js'
import { file_kinds_v1_kinds } from '../../../gen/kinds/v1/kinds_pb.js'
import { file_kinds_v1_legacy } from '../../../gen/kinds/v1/legacy_pb.js'

const theirs = createFileRegistry(
  fromBinary(
    FileDescriptorSetSchema,
    readFileSync(new URL('../../../gen/protobuf/test_messages.binpb', import.meta.url)),
  ),
)
const ours = createRegistry(
  file_etcd_etcdserverpb_rpc,
  file_greeter_v1_greeter,
  file_kinds_v1_kinds,
  file_kinds_v1_legacy,
)

/** Types that require a value of themselves, so that no message of them ends. */
const ENDLESS = /\.TestAllRequiredTypesProto2/

test.each<[string, Registry]>([
  ['ours', ours],
  ['those of the conformance tests of protobuf', theirs],
])('all messages have examples that can be sent: %s', (_, registry) => {
  const messages = [...registry].filter((type) => type.kind === 'message' && !ENDLESS.test(type.typeName))
  expect(messages.length).toBeGreaterThan(20)
  for (const message of messages) {
    if (message.kind !== 'message') continue
    const draft = new MessageDraft(message, registry, exampleOf(message))
    expect([message.typeName, draft.faults.value.filter(({ severity }) => severity === 'error')]).toEqual([
      message.typeName,
      [],
    ])
  }
})

it('has an end, even where the type has none', () => {
  for (const type of theirs) {
    if (type.kind === 'message' && ENDLESS.test(type.typeName)) expect(exampleOf(type).length).toBeLessThan(2_000_000)
  }
})

it('suits the names of fields', () => {
  expect(JSON.parse(exampleOf(SayHelloRequestSchema))).toMatchObject({ name: 'Ada' })
})
