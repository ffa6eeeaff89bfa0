/** Knows every type that the served files can name, for google.protobuf.Any and extensions in JSON. */
import { createRegistry, type DescFile, type DescService, type Registry } from '@bufbuild/protobuf'

/** Makes a registry of the services' files, of all that they import, and of the types that an application adds. */
export function typeRegistryOf(services: readonly DescService[], added?: Registry): Registry {
  const files = new Set<DescFile>()
  for (const service of services) addWithImports(service.file, files)
  return createRegistry(...files, ...(added === undefined ? [] : [added]))
}

function addWithImports(file: DescFile, files: Set<DescFile>): void {
  if (files.has(file)) return
  files.add(file)
  for (const dependency of file.dependencies) addWithImports(dependency, files)
}
