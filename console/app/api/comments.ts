/** The comments of declarations, where the descriptors have them. */
import type { DescFile } from '@bufbuild/protobuf'
import type {
  DescriptorProto,
  EnumDescriptorProto,
  FileDescriptorProto,
  SourceCodeInfo_Location,
} from '@bufbuild/protobuf/wkt'

/** A declaration that can have a comment. */
export interface Commented {
  readonly proto: object
}

/** The comments around a declaration, as `protoc` keeps them. */
export interface Comments {
  /** What stands above, up to an empty line. Empty if there is none. */
  readonly leading: string
  /** What follows in the same line or below. */
  readonly trailing: string
}

const NONE: Comments = { leading: '', trailing: '' }

const indexes = new WeakMap<DescFile, ReadonlyMap<object, Comments>>()

/** Returns the comments of a declaration of a file. */
export function commentsOf(file: DescFile, declaration: Commented): Comments {
  let index = indexes.get(file)
  if (index === undefined) {
    index = indexComments(file.proto)
    indexes.set(file, index)
  }
  return index.get(declaration.proto) ?? NONE
}

/** Returns the comment of a declaration as one text: what stands above, or else what follows. */
export function commentOf(file: DescFile, declaration: Commented): string {
  const { leading, trailing } = commentsOf(file, declaration)
  return leading === '' ? trailing : leading
}

/** The numbers of fields of `descriptor.proto`, of which paths of locations are made. */
const FILE = { message: 4, enum: 5, service: 6, extension: 7 } as const
const MESSAGE = { field: 2, nested: 3, enum: 4, extension: 6, oneof: 8 } as const
const MEMBER = 2

function indexComments(file: FileDescriptorProto): ReadonlyMap<object, Comments> {
  const locations = new Map<string, SourceCodeInfo_Location>()
  for (const location of file.sourceCodeInfo?.location ?? []) {
    if (location.leadingComments !== '' || location.trailingComments !== '') {
      locations.set(location.path.join(), location)
    }
  }
  const index = new Map<object, Comments>()
  if (locations.size === 0) return index
  const add = <T extends object>(all: readonly T[], path: string, each?: (one: T, path: string) => void) => {
    for (const [turn, one] of all.entries()) {
      const own = `${path},${turn}`
      const found = locations.get(own)
      if (found !== undefined) index.set(one, textsOf(found))
      each?.(one, own)
    }
  }
  const addEnum = ({ value }: EnumDescriptorProto, path: string) => add(value, `${path},${MEMBER}`)
  const addMessage = (message: DescriptorProto, path: string) => {
    add(message.field, `${path},${MESSAGE.field}`)
    add(message.oneofDecl, `${path},${MESSAGE.oneof}`)
    add(message.extension, `${path},${MESSAGE.extension}`)
    add(message.enumType, `${path},${MESSAGE.enum}`, addEnum)
    add(message.nestedType, `${path},${MESSAGE.nested}`, addMessage)
  }
  add(file.messageType, `${FILE.message}`, addMessage)
  add(file.enumType, `${FILE.enum}`, addEnum)
  add(file.extension, `${FILE.extension}`)
  add(file.service, `${FILE.service}`, ({ method }, path) => add(method, `${path},${MEMBER}`))
  return index
}

function textsOf({ leadingComments, trailingComments }: SourceCodeInfo_Location): Comments {
  return { leading: leadingComments, trailing: trailingComments }
}
