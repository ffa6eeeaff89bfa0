import { launch } from '../bin/launch.js'

await launch(new URL('./node/cli/main.ts', import.meta.url))
