/** Lists the packages in a bundle, with their licences. */
import path from 'node:path'
import type { Metafile } from 'esbuild'
import { noticeOf } from '../../console/licenses.ts'

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
