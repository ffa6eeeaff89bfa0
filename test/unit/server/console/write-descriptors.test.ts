import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { writeDescriptors } from '../../../../server/console/write-descriptors.ts'
import { commentsOf } from '../../../../server/openapi/comments/comments-of.ts'
import { withImports } from '../../../../server/services/reflection/descriptor-index.ts'
import { hostileFiles } from '../../../support/console/hostile-files.ts'

const NO_COMMENTS = new Map<string, string>()

describe('the files', () => {
  test('are encoded as protobuf-es does, whatever they declare', async () => {
    const given = hostileFiles()
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...given] }))
    const { file } = fromBinary(FileDescriptorSetSchema, await writeDescriptors(registry.files, NO_COMMENTS))
    expect(file.map(({ name }) => name).sort()).toEqual(given.map(({ name }) => name).sort())
    for (const proto of given) {
      const written = file.find(({ name }) => name === proto.name)
      if (written === undefined) throw new Error(`${proto.name} is missing`)
      const [a, b] = [written, proto].map((each) => toBinary(FileDescriptorProtoSchema, each))
      expect(Buffer.compare(a ?? Buffer.of(), b ?? Buffer.of())).toBe(0)
    }
  })

  test('come after those that they import, and once', async () => {
    const all = [...withImports([GreeterService.file])]
    const { file } = fromBinary(FileDescriptorSetSchema, await writeDescriptors([...all, ...all], NO_COMMENTS))
    const names = file.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const [index, { dependency }] of file.entries()) {
      for (const imported of dependency) expect(names.slice(0, index)).toContain(imported)
    }
  })

  test('keep options that this process has no code for', async () => {
    const { file } = fromBinary(FileDescriptorSetSchema, await writeDescriptors([GreeterService.file], NO_COMMENTS))
    const unknown = file[0]?.service[0]?.method.map(({ options }) => options?.$unknown?.map(({ no }) => no))
    expect(unknown).toEqual(
      GreeterService.file.proto.service[0]?.method.map(({ options }) => options?.$unknown?.map(({ no }) => no)),
    )
    expect(JSON.stringify(unknown)).toContain('72295728')
  })
})

describe('comments', () => {
  const NAMES = ['greeter.v1.GreeterService', 'greeter.v1.GreeterService.SayHello', 'greeter.v1.SayHelloRequest.name']

  test('are found by name, as a compiler would have written them', async () => {
    const given = new Map(NAMES.map((name) => [name, `About ${name}.\n\n  indented\nThe end.`]))
    const { file } = fromBinary(FileDescriptorSetSchema, await writeDescriptors([GreeterService.file], given))
    expect(commentsOf(file)).toEqual(given)
    for (const { span, leadingComments } of file[0]?.sourceCodeInfo?.location ?? []) {
      expect(span).toHaveLength(3)
      expect(leadingComments).toMatch(/^ About [\w.]+\.\n\n {3}indented\n The end\.\n$/)
    }
  })

  test('of the descriptors themselves are kept', async () => {
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...hostileFiles()] }))
    const file = registry.getFile('hostile/old.proto')
    if (file === undefined) throw new Error('there is no file')
    const own = commentsOf([file.proto])
    expect(own.size).toBeGreaterThan(10)
    const given = new Map([...own.keys()].map((name) => [name, 'another one']))
    const written = fromBinary(FileDescriptorSetSchema, await writeDescriptors([file], given))
    expect(commentsOf(written.file)).toEqual(own)
  })
})

test('10,000 methods are encoded without stopping the event loop', async () => {
  const { files } = createFileRegistry(create(FileDescriptorSetSchema, { file: [...hostileFiles()] }))
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 0)
  await writeDescriptors(files, NO_COMMENTS)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(1)
})
