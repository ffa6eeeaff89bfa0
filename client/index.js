import { launch } from '../bin/launch.js'

await launch(new URL('./node/cli/greeter/main.ts', import.meta.url))
