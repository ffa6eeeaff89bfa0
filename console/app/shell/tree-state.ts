/** Which rows of the navigation are open, and which one the keyboard is at. */
import { computed, effect, signal } from '@preact/signals'
import { pathOf } from '../api/api.ts'
import { packagesOf } from '../api/packages.ts'
import { route } from '../route/route.ts'
import { api } from '../session/facts.ts'
import { firstOpenKeys, packageKey, serviceKey, treeRows } from './tree-rows.ts'

const packages = computed(() => packagesOf(api.value?.services ?? []))

const openKeys = signal<ReadonlySet<string>>(new Set())

/** The rows in sight. */
export const rows = computed(() => treeRows(packages.value, openKeys.value))

/** The key of the row that the keyboard is at. */
export const activeKey = signal('')

/** The key of the row of the current view; empty if it has none. */
export const currentKey = computed(() => {
  const { view, name } = route.value
  return view === 'service' || view === 'method' ? `${view}:${name}` : ''
})

effect(() => {
  const keys = firstOpenKeys(packages.value)
  openKeys.value = keys
})

// The row of the current view is in sight, wherever the link to it was.
effect(() => {
  const { view, name } = route.value
  const known = api.value
  if (known === null) return
  const method = view === 'method' ? known.methodOf(name) : undefined
  const service = method?.parent ?? (view === 'service' ? known.registry.getService(name) : undefined)
  if (service === undefined) return
  const needed = [packageKey(service.file.proto.package), ...(method === undefined ? [] : [serviceKey(service)])]
  const open = openKeys.peek()
  if (!needed.every((key) => open.has(key))) openKeys.value = new Set([...open, ...needed])
  activeKey.value = method === undefined ? serviceKey(service) : `method:${pathOf(method)}`
})

/** Opens or closes a row. */
export function setOpen(key: string, isOpen: boolean): void {
  const keys = new Set(openKeys.peek())
  if (isOpen) keys.add(key)
  else keys.delete(key)
  openKeys.value = keys
}

/** Closes all services, or opens all packages and services. */
export function setAllOpen(isOpen: boolean): void {
  const packageKeys = packages.peek().map(({ name }) => packageKey(name))
  const serviceKeys = packages.peek().flatMap(({ services }) => services.map(serviceKey))
  openKeys.value = new Set(isOpen ? [...packageKeys, ...serviceKeys] : packageKeys)
}
