/** The services of an API by their packages. */
import type { DescService } from '@bufbuild/protobuf'

/** A package that has services. */
export interface Package {
  /** Empty for files without a package. */
  readonly name: string
  readonly services: readonly DescService[]
}

/** What servers offer beside their own API. It comes last. */
const INFRASTRUCTURE = /^(?:grpc|portico)\./

/** Service2 comes before Service10. */
const { compare } = new Intl.Collator('en', { numeric: true })

/** Groups services. Packages and services are in the order of their names. */
export function packagesOf(services: readonly DescService[]): Package[] {
  const byName = Map.groupBy(services, ({ file }) => file.proto.package)
  const packages = [...byName].map(([name, members]) => ({ name, services: members.toSorted(byTypeName) }))
  return packages.toSorted((a, b) => rankOf(a) - rankOf(b) || compare(a.name, b.name))
}

function rankOf({ name }: Package): number {
  return INFRASTRUCTURE.test(name) ? 1 : 0
}

function byTypeName(a: DescService, b: DescService): number {
  return compare(a.typeName, b.typeName)
}
