/** A FileDescriptorSet of the services of a comparison, without what Envoy does not accept. */
import {
  clearExtension,
  clone,
  create,
  type DescFile,
  getExtension,
  hasExtension,
  setExtension,
  toBinary,
} from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { http } from '../../../../gen/google/api/annotations_pb.js'

/** Returns the set with these files and all that they import, imports first. */
export function descriptorSetOf(files: readonly DescFile[]): Uint8Array {
  const found = new Set<DescFile>()
  for (const file of files) addFile(file, found)
  return toBinary(
    FileDescriptorSetSchema,
    create(FileDescriptorSetSchema, { file: [...found].map(withoutResponseBodies) }),
  )
}

function addFile(file: DescFile, found: Set<DescFile>): void {
  if (found.has(file)) return
  for (const imported of file.dependencies) addFile(imported, found)
  found.add(file)
}

/** Envoy refuses its whole configuration for a `response_body` that is not a google.api.HttpBody. */
function withoutResponseBodies({ proto }: DescFile): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, proto)
  for (const { options } of copy.service.flatMap(({ method }) => method)) {
    if (options === undefined || !hasExtension(options, http)) continue
    const { additionalBindings, ...main } = getExtension(options, http)
    const kept = [main, ...additionalBindings].filter(({ responseBody }) => responseBody === '')
    const [first, ...others] = kept
    if (first === undefined) clearExtension(options, http)
    else
      setExtension(options, http, {
        ...first,
        additionalBindings: others.map((rule) => ({ ...rule, additionalBindings: [] })),
      })
  }
  return copy
}
