/** Reads the rules of `buf.validate`, without the package that enforces them. */
import {
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescOneof,
  getExtension,
  hasExtension,
  type JsonObject,
  type Message,
  toJson,
} from '@bufbuild/protobuf'

const FILE = 'buf/validate/validate.proto'

/** Files are looked through once. */
const EXTENSIONS = new WeakMap<DescFile, ReadonlyMap<string, DescExtension>>()

/** Returns the rules of a declaration as JSON, with the field names of validate.proto in lowerCamelCase; undefined for none. */
export function rulesOf(declaration: DescField | DescMessage | DescOneof): JsonObject | undefined {
  const { options } = declaration.proto
  if (options?.$unknown === undefined) return undefined
  const file = 'file' in declaration ? declaration.file : declaration.parent.file
  const extension = extensionsFor(file).get(declaration.kind)
  if (extension?.message === undefined || !hasExtension(options, extension)) return undefined
  return toJson(extension.message, getExtension(options, extension) as Message) as JsonObject
}

/**
 * Finds the extensions of options in the file that declares them. A file with rules imports it, so its descriptor is there, whichever
 * package it came from.
 */
function extensionsFor(file: DescFile): ReadonlyMap<string, DescExtension> {
  let found = EXTENSIONS.get(file)
  if (found === undefined) {
    const rules = findFile(file, new Set())
    found = new Map(rules?.extensions.map((extension) => [extension.name, extension]))
    EXTENSIONS.set(file, found)
  }
  return found
}

function findFile(file: DescFile, seen: Set<DescFile>): DescFile | undefined {
  if (file.proto.name === FILE) return file
  seen.add(file)
  for (const each of file.dependencies) {
    const found = seen.has(each) ? undefined : findFile(each, seen)
    if (found !== undefined) return found
  }
  return undefined
}
