/** Reads the comments of an API from an image. */
import { readFile, stat } from 'node:fs/promises'
import { fromBinary } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { type Comments, commentsOf } from './comments-of.ts'

/** Images of the largest public APIs have tens of MiB. */
const MAX_IMAGE_BYTES = 268_435_456

/**
 * Reads comments from an image of buf, or from another binary FileDescriptorSet with source info.
 *
 * @param image its path, or its bytes
 * @param services the full names of the services that the comments are for
 * @throws Error if it cannot be read, has no comments, or has none of the services
 */
export async function readComments(image: string | Uint8Array, services: readonly string[]): Promise<Comments> {
  const name = typeof image === 'string' ? image : 'the image of the API'
  const files = decode(typeof image === 'string' ? await readBytes(image) : image, name)
  if (!files.some((file) => file.sourceCodeInfo !== undefined)) {
    throw new Error(`${name} has no comments: write it with "buf build -o", without --exclude-source-info`)
  }
  const described = new Set(
    files.flatMap((file) => file.service.map((service) => fullName(file.package, service.name))),
  )
  if (services.length > 0 && !services.some((service) => described.has(service))) {
    throw new Error(`${name} is of another API: it has none of ${services.join(', ')}`)
  }
  return commentsOf(files)
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > MAX_IMAGE_BYTES) throw new RangeError(`it has ${size} bytes, and the limit is ${MAX_IMAGE_BYTES}`)
    return await readFile(path)
  } catch (cause) {
    throw new Error(`${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

function decode(bytes: Uint8Array, name: string): readonly FileDescriptorProto[] {
  try {
    return fromBinary(FileDescriptorSetSchema, bytes).file
  } catch (cause) {
    throw new Error(`${name} is not an image of buf: write it with "buf build -o"`, { cause })
  }
}

function fullName(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`
}
