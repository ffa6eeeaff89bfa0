/** The comments of a declaration in its proto file, where the descriptors have them. */
import type { DescFile } from '@bufbuild/protobuf'
import type { AnyField } from './value-shape.ts'

/** Numbers of the fields of descriptors, of which paths to declarations consist. */
const MESSAGE_OF_FILE = 4
const EXTENSION_OF_FILE = 7
const FIELD_OF_MESSAGE = 2
const NESTED_OF_MESSAGE = 3
const EXTENSION_OF_MESSAGE = 6

const commentsByPath = new WeakMap<DescFile, ReadonlyMap<string, string>>()

/** Returns the comment of a field; an empty text for none. */
export function fieldComment(field: AnyField): string {
  const file = field.kind === 'extension' ? field.file : field.parent.file
  return commentsOf(file).get(pathOf(field).join('.')) ?? ''
}

function pathOf(field: AnyField): readonly number[] {
  if (field.kind === 'field') {
    return [...messagePath(field.parent), FIELD_OF_MESSAGE, field.parent.proto.field.indexOf(field.proto)]
  }
  const { parent, file, proto } = field
  if (parent === undefined) return [EXTENSION_OF_FILE, file.proto.extension.indexOf(proto)]
  return [...messagePath(parent), EXTENSION_OF_MESSAGE, parent.proto.extension.indexOf(proto)]
}

function messagePath(message: NonNullable<AnyField['parent']>): readonly number[] {
  const { parent, file, proto } = message
  if (parent === undefined) return [MESSAGE_OF_FILE, file.proto.messageType.indexOf(proto)]
  return [...messagePath(parent), NESTED_OF_MESSAGE, parent.proto.nestedType.indexOf(proto)]
}

function commentsOf(file: DescFile): ReadonlyMap<string, string> {
  let comments = commentsByPath.get(file)
  if (comments === undefined) {
    const locations = file.proto.sourceCodeInfo?.location ?? []
    comments = new Map(
      locations
        .map(({ path, leadingComments, trailingComments }) => {
          const text = [leadingComments, trailingComments].filter(Boolean).join('\n')
          return [path.join('.'), text.replaceAll(/^ /gm, '').trim()] as const
        })
        .filter(([, text]) => text !== ''),
    )
    commentsByPath.set(file, comments)
  }
  return comments
}
