/** Lists the packages in a bundle, with their licences. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Metafile } from 'esbuild'

const PACKAGE_FOLDER = /^node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/

/** The notices for all packages in the bundles, as one text. */
export async function noticesOf(root: string, metafiles: readonly Metafile[]): Promise<string> {
  const inputs = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((output) => Object.keys(output.inputs)),
  )
  const folders = new Set(inputs.flatMap((input) => PACKAGE_FOLDER.exec(input) ?? []))
  const notices = await Promise.all([...folders].sort().map((folder) => noticeOf(path.join(root, folder))))
  return ['lib/ contains parts of these packages.', ...notices].join('\n\n')
}

/** A package without a licence text has the same licence as Portico: Apache-2.0. */
async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'))
  const title = `${name} ${version}, ${license}`
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
  if (file !== undefined) return `${title}\n\n${await readFile(path.join(folder, file), 'utf8')}`
  if (license !== 'Apache-2.0') throw new Error(`${name} comes without the text of its licence, ${license}`)
  return `${title}: see LICENSE`
}
