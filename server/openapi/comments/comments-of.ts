/** Finds the comments of protos in descriptors with source info (google/protobuf/descriptor.proto, SourceCodeInfo). */
import type { AnyDesc } from '@bufbuild/protobuf'
import type {
  DescriptorProto,
  EnumDescriptorProto,
  FileDescriptorProto,
  ServiceDescriptorProto,
  SourceCodeInfo_Location,
} from '@bufbuild/protobuf/wkt'

/** Comments by the full names of what they describe: `shop.v1.Item`, `shop.v1.Item.price`, `shop.v1.ShopService.GetItem`. */
export type Comments = ReadonlyMap<string, string>

/**
 * Returns the comments of messages, fields, oneofs, enums and their values, services and methods. A comment behind a declaration
 * follows the one above it. Left out are parts between `(--` and `--)`, which are for the authors of a proto (AIP-192), and
 * directives to buf's linter. Of two comments for one name the first is returned.
 */
export function commentsOf(files: Iterable<FileDescriptorProto>): Comments {
  const comments = new Map<string, string>()
  for (const file of files) {
    const locations = new Map(file.sourceCodeInfo?.location.map((location) => [location.path.join('.'), location]))
    if (locations.size === 0) continue
    for (const { name, path } of declarationsOf(file)) {
      const location = locations.get(path)
      const text = location === undefined ? '' : textOf(location)
      if (text !== '' && !comments.has(name)) comments.set(name, text)
    }
  }
  return comments
}

/** Returns the comment of a declaration, if it has one. */
export function commentOf(declaration: AnyDesc, comments: Comments): string | undefined {
  if (declaration.kind === 'file') return undefined
  if ('typeName' in declaration) return comments.get(declaration.typeName)
  return comments.get(`${declaration.parent.typeName}.${declaration.name}`)
}

/** A declaration, and its path in the source info of its file. */
export interface Declaration {
  /** The full name. */
  readonly name: string
  /** Numbers, joined by dots. */
  readonly path: string
}

/** Numbers of the fields of descriptor.proto that paths consist of, besides indices. */
const FILE = { message: 4, enum: 5, service: 6 }
const MESSAGE = { field: 2, message: 3, enum: 4, oneof: 8 }
const ENUM = { value: 2 }
const SERVICE = { method: 2 }

/** Yields all that may have a comment. */
export function* declarationsOf(file: FileDescriptorProto): Generator<Declaration, void> {
  const scope = { name: file.package, path: '' }
  for (const [message, at] of inside(scope, file.messageType, FILE.message)) yield* partsOfMessage(message, at)
  for (const [declared, at] of inside(scope, file.enumType, FILE.enum)) yield* partsOfEnum(declared, at)
  for (const [service, at] of inside(scope, file.service, FILE.service)) yield* partsOfService(service, at)
}

function* partsOfMessage(message: DescriptorProto, scope: Declaration): Generator<Declaration, void> {
  yield scope
  for (const [, at] of inside(scope, message.field, MESSAGE.field)) yield at
  for (const [, at] of inside(scope, message.oneofDecl, MESSAGE.oneof)) yield at
  for (const [declared, at] of inside(scope, message.enumType, MESSAGE.enum)) yield* partsOfEnum(declared, at)
  for (const [nested, at] of inside(scope, message.nestedType, MESSAGE.message)) yield* partsOfMessage(nested, at)
}

function* partsOfEnum({ value }: EnumDescriptorProto, scope: Declaration): Generator<Declaration, void> {
  yield scope
  for (const [, at] of inside(scope, value, ENUM.value)) yield at
}

function* partsOfService({ method }: ServiceDescriptorProto, scope: Declaration): Generator<Declaration, void> {
  yield scope
  for (const [, at] of inside(scope, method, SERVICE.method)) yield at
}

/** Pairs the parts of a scope with their names and paths. */
function inside<T extends { readonly name: string }>(
  { name, path }: Declaration,
  parts: readonly T[],
  field: number,
): [T, Declaration][] {
  return parts.map((part, index) => [
    part,
    {
      name: name === '' ? part.name : `${name}.${part.name}`,
      path: path === '' ? `${field}.${index}` : `${path}.${field}.${index}`,
    },
  ])
}

function textOf({ leadingComments, trailingComments }: SourceCodeInfo_Location): string {
  return [leadingComments, trailingComments].map(cleaned).filter(Boolean).join('\n\n')
}

/** Removes the space after each comment marker. */
function cleaned(comment: string): string {
  return withoutInternalParts(comment)
    .split('\n')
    .map((line) => line.replace(/^ /, '').trimEnd())
    .filter((line) => !line.trimStart().startsWith('buf:lint:'))
    .join('\n')
    .trim()
}

/** An opening marker without its end hides the rest, so that nothing internal is published. */
function withoutInternalParts(comment: string): string {
  const [shown = '', ...parts] = comment.split('(--')
  const rest = parts.map((part) => {
    const end = part.indexOf('--)')
    return end < 0 ? '' : part.slice(end + 3)
  })
  return [shown, ...rest].join('')
}
