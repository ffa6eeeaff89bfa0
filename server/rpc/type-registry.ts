/** Knows every type that the served files can name, for google.protobuf.Any and extensions in JSON. */
import { createRegistry, type DescFile, type DescService, type Registry } from '@bufbuild/protobuf'

/** Makes a registry of the services' files and of all that they import. */
export function typeRegistryOf(services: readonly DescService[]): Registry {
  const files = new Set<DescFile>()
  for (const service of services) addWithImports(service.file, files)
  return createRegistry(...files)
}

function addWithImports(file: DescFile, files: Set<DescFile>): void {
  if (files.has(file)) return
  files.add(file)
  for (const dependency of file.dependencies) addWithImports(dependency, files)
}
