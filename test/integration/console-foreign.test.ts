/** The descriptors of APIs that are not ours, as the page gets them. */
import { createFileRegistry, type DescMethod, type FileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { type Comments, commentOf, commentsOf } from '../../server/openapi/comments/comments-of.ts'
import { startConformanceApi } from '../support/console/conformance-api.ts'
import type { ForeignApi } from '../support/console/foreign-api.ts'
import { startGoogleApis } from '../support/console/googleapis.ts'
import { startHostileApi } from '../support/console/hostile-api.ts'

/** The first run of a machine downloads the protos of Google. */
const TIMEOUT_MS = 120_000

const APIS: readonly [
  string,
  () => Promise<ForeignApi>,
  { services: number; methods: number; hasComments: boolean },
][] = [
  ['the conformance service', startConformanceApi, { services: 1, methods: 6, hasComments: false }],
  ['the APIs of Google', startGoogleApis, { services: 200, methods: 1_500, hasComments: true }],
  ['the hostile API', startHostileApi, { services: 50, methods: 10_000, hasComments: true }],
]

test.each(APIS)(
  'the descriptors of %s have all methods with their types and comments',
  async (_name, start, least) => {
    const { origin, registry, services } = await start()
    const methods = services.flatMap((service) => service.methods)
    expect(services.length).toBeGreaterThanOrEqual(least.services)
    expect(methods.length).toBeGreaterThanOrEqual(least.methods)
    const shown = await readDescriptors(origin)
    expect(methods.filter((method) => !isShown(method, shown)).map(String)).toEqual([])
    const given = commentsIn(registry)
    const found = commentsIn(shown)
    const commented = methods.filter((method) => commentOf(method, given) !== undefined)
    expect(commented.filter((method) => commentOf(method, found) !== commentOf(method, given)).map(String)).toEqual([])
    expect(commented.length > 0).toBe(least.hasComments)
  },
  TIMEOUT_MS,
)

async function readDescriptors(origin: string): Promise<FileRegistry> {
  const response = await fetch(`${origin}/console/descriptors.binpb`)
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, new Uint8Array(await response.arrayBuffer())))
}

function commentsIn({ files }: FileRegistry): Comments {
  return commentsOf(Array.from(files, ({ proto }) => proto))
}

function isShown(method: DescMethod, shown: FileRegistry): boolean {
  const found = shown.getService(method.parent.typeName)?.methods.find(({ name }) => name === method.name)
  return (
    found !== undefined &&
    found.methodKind === method.methodKind &&
    found.input.typeName === method.input.typeName &&
    found.output.fields.length === method.output.fields.length
  )
}
