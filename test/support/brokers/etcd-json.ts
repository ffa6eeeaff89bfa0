/** Requests to etcd by its JSON gateway, which shares no code with the client under test. */

/** Calls one method, such as `kv/put`. Throws what etcd answers if it fails. */
export async function etcdJson(
  port: number,
  method: string,
  body: object,
  token?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${port}/v3/${method}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: token === undefined ? {} : { authorization: token },
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method}: ${response.status} ${text}`)
  return JSON.parse(text)
}

/** An entry with its text. */
export interface EtcdEntry {
  readonly key: string
  readonly value: string
}

/** The entries whose key begins with a text, by key. */
export async function readEntries(port: number, prefix: string, token?: string): Promise<EtcdEntry[]> {
  const { kvs } = await etcdJson(
    port,
    'kv/range',
    { key: base64(prefix), range_end: base64(`${prefix}\u{10FFFF}`) },
    token,
  )
  return ((kvs ?? []) as EtcdEntry[]).map(({ key, value }) => ({ key: text(key), value: text(value) }))
}

/** Writes an entry without a lease. */
export async function writeEntry(port: number, key: string, value: string): Promise<void> {
  await etcdJson(port, 'kv/put', { key: base64(key), value: base64(value) })
}

/** Writes entries without leases. */
export async function writeEntries(
  port: number,
  entries: readonly (readonly [key: string, value: string])[],
): Promise<void> {
  // etcd takes 128 operations at most.
  for (let at = 0; at < entries.length; at += 100) {
    const success = entries.slice(at, at + 100).map(([key, value]) => ({
      requestPut: { key: base64(key), value: base64(value) },
    }))
    await etcdJson(port, 'kv/txn', { success })
  }
}

/** Removes an entry. */
export async function removeEntry(port: number, key: string): Promise<void> {
  await etcdJson(port, 'kv/deleterange', { key: base64(key) })
}

/** Forgets all revisions before the current one. */
export async function compact(port: number): Promise<void> {
  const { header } = await etcdJson(port, 'kv/range', { key: base64('any') })
  await etcdJson(port, 'kv/compaction', {
    revision: (header as { readonly revision: string }).revision,
    physical: true,
  })
}

/** Requires users: `root` with the password `secret`. */
export async function requireUsers(port: number): Promise<void> {
  await etcdJson(port, 'auth/user/add', { name: 'root', password: 'secret' })
  await etcdJson(port, 'auth/role/add', { name: 'root' })
  await etcdJson(port, 'auth/user/grant', { user: 'root', role: 'root' })
  await etcdJson(port, 'auth/enable', {})
}

/** Returns a token of `root`. */
export async function tokenOfRoot(port: number): Promise<string> {
  const { token } = await etcdJson(port, 'auth/authenticate', { name: 'root', password: 'secret' })
  return String(token)
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function text(base64Text = ''): string {
  return Buffer.from(base64Text, 'base64').toString()
}
