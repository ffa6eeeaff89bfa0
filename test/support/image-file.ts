/** Writes descriptors to files, as buf and protoc do. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { create, type DescFile, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { onTestFinished } from 'vitest'

/** A folder of the running test's own, which is removed when it ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'portico-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The bytes of a google.protobuf.FileDescriptorSet with the given files, in the given order. */
export function imageOf(files: readonly DescFile[]): Uint8Array {
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: files.map((file) => file.proto) }))
}

/** Writes text or bytes under a name in a folder of the running test's own, and gives the path. */
export async function temporaryFile(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(await temporaryFolder(), name)
  await writeFile(file, content)
  return file
}
