/** Descriptors from a file: a google.protobuf.FileDescriptorSet, or the image of buf, which is one too. */
import { readFile } from 'node:fs/promises'
import { type FileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { InputError } from '../terminal/input-error.ts'
import { fileRegistryOf } from './file-registry.ts'
import type { SchemaSource } from './schema-source.ts'

/**
 * Reads a binary image.
 *
 * @throws InputError when the file cannot be read or is no image
 */
export async function openImage(path: string): Promise<SchemaSource> {
  try {
    return imageSource(await readFile(path))
  } catch (cause) {
    if (cause instanceof InputError) throw new InputError(`${path}: ${cause.message}`, { cause })
    throw new InputError(`${path} cannot be read`, { cause })
  }
}

/**
 * Serves descriptors from the bytes of an image.
 *
 * @throws InputError when they are none
 */
export function imageSource(bytes: Uint8Array): SchemaSource {
  const registry = parseImage(bytes)
  return {
    listServices: async () => servicesIn(registry),
    load: async (symbol) => (registry.get(symbol) === undefined ? undefined : registry),
    close: async () => {},
  }
}

function parseImage(bytes: Uint8Array): FileRegistry {
  const files = decode(bytes)
  return fileRegistryOf(new Map(files.map((file) => [file.name, file])))
}

function decode(bytes: Uint8Array) {
  try {
    return fromBinary(FileDescriptorSetSchema, bytes).file
  } catch (cause) {
    throw new InputError('this is no binary FileDescriptorSet', { cause })
  }
}

function servicesIn(registry: FileRegistry): string[] {
  const services = [...registry].filter((type) => type.kind === 'service')
  return services.map((service) => service.typeName).sort()
}
