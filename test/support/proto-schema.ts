/** Protos of tests: compiled, and as schemas of the client program with types that are known or loaded on demand. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { FilePool } from '../../client/node/cli/schema/file-pool.ts'
import { Schema } from '../../client/node/cli/schema/schema.ts'

const BUF = path.resolve(import.meta.dirname, '../../node_modules/@bufbuild/buf/bin/buf')
const IMAGE = 'image.binpb'

/** Compiles .proto files by name. Imports resolve among them, or to the well-known types. */
export function compileProtos(texts: Readonly<Record<string, string>>): FileDescriptorProto[] {
  const image = runBuf(texts, ['alpha', 'protoc', '-I', '.', '--include_imports', '-o', IMAGE, ...Object.keys(texts)])
  return fromBinary(FileDescriptorSetSchema, image).file
}

/** Compiles .proto files by name into an image of buf, which has their comments. Imports resolve as above. */
export function buildImage(texts: Readonly<Record<string, string>>, ...flags: string[]): Uint8Array {
  return runBuf(texts, ['build', '-o', IMAGE, ...flags])
}

/** Returns the image that buf writes in a folder that has only these files. */
function runBuf(texts: Readonly<Record<string, string>>, args: readonly string[]): Uint8Array {
  const folder = mkdtempSync(path.join(tmpdir(), 'protos-'))
  try {
    for (const [name, text] of Object.entries(texts)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
      writeFileSync(path.join(folder, name), text)
    }
    execFileSync(process.execPath, [BUF, ...args], { cwd: folder, stdio: 'pipe' })
    return readFileSync(path.join(folder, IMAGE))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A schema that has some files, and loads others when a type in them is requested. */
export function schemaOf(known: readonly FileDescriptorProto[], hidden: readonly FileDescriptorProto[] = []) {
  const pool = new FilePool()
  for (const file of known) pool.add(file)
  const asked: string[] = []
  const show = async (what: string): Promise<boolean> => {
    asked.push(what)
    const shown = hidden.filter((file) => JSON.stringify(file).includes(`"name":"${what.split('.').at(-1)}"`))
    for (const file of shown) pool.add(file)
    return shown.length > 0
  }
  const reflection = {
    listServices: async () => [],
    load: show,
    loadExtension: async (extendee: string, number: number) => {
      asked.push(`${extendee} ${number}`)
      const shown = hidden.filter((file) => file.extension.some((field) => field.number === number))
      for (const file of shown) pool.add(file)
      return shown.length > 0
    },
  }
  return { schema: new Schema({ pool, reflection, hasFiles: false }), asked }
}
