/** The rows of the navigation: packages, services and methods, as far as they are open. */
import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { pathOf } from '../api/api.ts'
import type { Package } from '../api/packages.ts'

/** A row. */
export type TreeRow = PackageRow | ServiceRow | MethodRow

interface RowPlace {
  /** Unique in the tree. */
  readonly key: string
  /** From 1, among those of the same parent. */
  readonly position: number
  readonly siblings: number
}

/** The row of a package. */
export interface PackageRow extends RowPlace {
  readonly kind: 'package'
  readonly name: string
  readonly isOpen: boolean
}

/** The row of a service. */
export interface ServiceRow extends RowPlace {
  readonly kind: 'service'
  readonly service: DescService
  readonly isOpen: boolean
}

/** The row of a method. */
export interface MethodRow extends RowPlace {
  readonly kind: 'method'
  readonly method: DescMethod
}

/** The level of each kind of row, as ARIA counts. */
export const TREE_LEVELS = { package: 1, service: 2, method: 3 } as const

/** Up to this number of methods, all services are open at first. */
const MANY_METHODS = 40

/** Returns the keys of what is open at first. */
export function firstOpenKeys(packages: readonly Package[]): ReadonlySet<string> {
  const services = packages.flatMap((each) => each.services)
  const methods = services.reduce((count, { methods }) => count + methods.length, 0)
  const keys = packages.map(({ name }) => packageKey(name))
  return new Set(methods > MANY_METHODS ? keys : [...keys, ...services.map(serviceKey)])
}

/** Returns the rows in sight. */
export function treeRows(packages: readonly Package[], openKeys: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = []
  for (const [index, { name, services }] of packages.entries()) {
    const key = packageKey(name)
    const isOpen = openKeys.has(key)
    rows.push({ kind: 'package', key, name, isOpen, position: index + 1, siblings: packages.length })
    if (isOpen)
      for (const [turn, service] of services.entries()) addService(rows, service, turn, services.length, openKeys)
  }
  return rows
}

function addService(
  rows: TreeRow[],
  service: DescService,
  turn: number,
  siblings: number,
  openKeys: ReadonlySet<string>,
): void {
  const key = serviceKey(service)
  const isOpen = openKeys.has(key)
  rows.push({ kind: 'service', key, service, isOpen, position: turn + 1, siblings })
  if (!isOpen) return
  for (const [index, method] of service.methods.entries()) {
    const place = { key: methodKey(method), position: index + 1, siblings: service.methods.length }
    rows.push({ kind: 'method', method, ...place })
  }
}

/** Returns the key of a package's row. */
export function packageKey(name: string): string {
  return `package:${name}`
}

/** Returns the key of a service's row. */
export function serviceKey(service: DescService): string {
  return `service:${service.typeName}`
}

/** Returns the key of a method's row. */
export function methodKey(method: DescMethod): string {
  return `method:${pathOf(method)}`
}

/** Returns the index of the row that holds a row; -1 for a package. */
export function parentIndex(rows: readonly TreeRow[], index: number): number {
  const row = rows[index]
  if (row === undefined) return -1
  return rows.findLastIndex((other, turn) => turn < index && TREE_LEVELS[other.kind] === TREE_LEVELS[row.kind] - 1)
}
