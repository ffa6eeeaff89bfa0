/** Takes services that are not shown out of files: a file may declare more than a server serves. */
import { create } from '@bufbuild/protobuf'
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type SourceCodeInfo_Location,
  SourceCodeInfo_LocationSchema,
  SourceCodeInfoSchema,
} from '@bufbuild/protobuf/wkt'

/** Returns a file with those of its services that have one of the names, which are full ones. */
export function withServices(file: FileDescriptorProto, names: ReadonlySet<string>): FileDescriptorProto {
  const scope = file.package === '' ? '' : `${file.package}.`
  const places = new Map<number, number>()
  for (const [index, { name }] of file.service.entries()) if (names.has(scope + name)) places.set(index, places.size)
  if (places.size === file.service.length) return file
  const location = file.sourceCodeInfo?.location.flatMap((each) => moved(each, places) ?? [])
  const parts = { ...file, service: file.service.filter((_, index) => places.has(index)) }
  if (location !== undefined) parts.sourceCodeInfo = create(SourceCodeInfoSchema, { location })
  return Object.assign(create(FileDescriptorProtoSchema), parts)
}

const { number: SERVICE } = FileDescriptorProtoSchema.field.service

/** Paths have the indexes of services, which `places` maps to new ones. Returns undefined for what belongs to a service that is gone. */
function moved(
  location: SourceCodeInfo_Location,
  places: ReadonlyMap<number, number>,
): SourceCodeInfo_Location | undefined {
  const [list, index, ...rest] = location.path
  if (list !== SERVICE || index === undefined) return location
  const place = places.get(index)
  if (place === undefined) return undefined
  return Object.assign(create(SourceCodeInfo_LocationSchema), { ...location, path: [list, place, ...rest] })
}
