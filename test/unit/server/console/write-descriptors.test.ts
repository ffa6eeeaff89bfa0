import { create, createFileRegistry, type DescFile, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { Turns } from '../../../../server/console/turns.ts'
import { type CommentTexts, writeDescriptors } from '../../../../server/console/write-descriptors.ts'
import { commentsOf } from '../../../../server/openapi/comments/comments-of.ts'
import { withImports } from '../../../../server/services/reflection/descriptor-index.ts'
import { hostileFiles } from '../../../support/console/hostile-files.ts'

/** Writes files with all of their services. */
function write(files: Iterable<DescFile>, comments: CommentTexts = new Map()): Promise<Uint8Array> {
  const all = [...files]
  const services = new Set(all.flatMap((file) => file.services.map(({ typeName }) => typeName)))
  return writeDescriptors({ files: all, services, comments })
}

describe('the files', () => {
  test('are encoded as protobuf-es does, whatever they declare', async () => {
    const given = hostileFiles()
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...given] }))
    const { file } = fromBinary(FileDescriptorSetSchema, await write(registry.files))
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
    const { file } = fromBinary(FileDescriptorSetSchema, await write([...all, ...all]))
    const names = file.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const [index, { dependency }] of file.entries()) {
      for (const imported of dependency) expect(names.slice(0, index)).toContain(imported)
    }
  })

  test('keep options that this process has no code for', async () => {
    const { file } = fromBinary(FileDescriptorSetSchema, await write([GreeterService.file]))
    const unknown = file[0]?.service[0]?.method.map(({ options }) => options?.$unknown?.map(({ no }) => no))
    expect(unknown).toEqual(
      GreeterService.file.proto.service[0]?.method.map(({ options }) => options?.$unknown?.map(({ no }) => no)),
    )
    expect(JSON.stringify(unknown)).toContain('72295728')
  })
})

describe('services that are not shown', () => {
  const declared = create(FileDescriptorProtoSchema, {
    name: 'shop.proto',
    package: 'shop',
    syntax: 'proto3',
    messageType: [{ name: 'Empty' }],
    service: ['First', 'Second', 'Third'].map((name) => ({
      name,
      method: [{ name: `Call${name}`, inputType: '.shop.Empty', outputType: '.shop.Empty' }],
    })),
  })
  const comments = new Map(
    ['First', 'Second', 'Third'].flatMap((name) => [
      [`shop.${name}`, `About ${name}.`],
      [`shop.${name}.Call${name}`, `Calls ${name}.`],
    ]),
  )
  const fileOf = (file: typeof declared) => {
    const { files } = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }))
    return [...files]
  }
  const shown = new Set(['shop.Second', 'shop.Third', 'other.First'])
  const expected = new Map([...comments].filter(([name]) => !name.startsWith('shop.First')))

  test('are left out, and comments stay with their services', async () => {
    const files = fileOf(declared)
    const { file } = fromBinary(FileDescriptorSetSchema, await writeDescriptors({ files, services: shown, comments }))
    expect(file[0]?.service.map(({ name }) => name)).toEqual(['Second', 'Third'])
    expect(file[0]?.messageType).toHaveLength(1)
    expect(commentsOf(file)).toEqual(expected)
  })

  test('are left out of descriptors with comments of their own', async () => {
    const [own] = fromBinary(FileDescriptorSetSchema, await write(fileOf(declared), comments)).file
    if (own === undefined) throw new Error('there is no file')
    expect(commentsOf([own])).toEqual(comments)
    const init = { files: fileOf(own), services: shown, comments: new Map() }
    const { file } = fromBinary(FileDescriptorSetSchema, await writeDescriptors(init))
    expect(commentsOf(file)).toEqual(expected)
  })
})

describe('comments', () => {
  const NAMES = ['greeter.v1.GreeterService', 'greeter.v1.GreeterService.SayHello', 'greeter.v1.SayHelloRequest.name']

  test('are found by name, as a compiler would have written them', async () => {
    const given = new Map(NAMES.map((name) => [name, `About ${name}.\n\n  indented\nThe end.`]))
    const { file } = fromBinary(FileDescriptorSetSchema, await write([GreeterService.file], given))
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
    const written = fromBinary(FileDescriptorSetSchema, await write([file], given))
    expect(commentsOf(written.file)).toEqual(own)
  })
})

describe('the event loop goes on', () => {
  async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
    }, 0)
    await work()
    clearInterval(timer)
    return turns
  }

  test('while 10,000 methods are encoded', async () => {
    const { files } = createFileRegistry(create(FileDescriptorSetSchema, { file: [...hostileFiles()] }))
    expect(await turnsDuring(() => write(files))).toBeGreaterThan(1)
  })

  test('while many small files are encoded, none of which takes long', async () => {
    const file = Array.from({ length: 300 }, (_, turn) => ({
      name: `${turn}.proto`,
      package: `p${turn}`,
      syntax: 'proto3',
    }))
    const { files } = createFileRegistry(create(FileDescriptorSetSchema, { file }))
    let nowMs = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      nowMs += 1
      return nowMs
    })
    onTestFinished(() => clock.mockRestore())
    const waits = vi.spyOn(Turns.prototype, 'next')
    onTestFinished(() => waits.mockRestore())
    await write(files)
    expect(waits.mock.calls.length).toBeGreaterThan(50)
  })
})
