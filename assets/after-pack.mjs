// Runs for each package before it is signed: sets Electron's fuses in the program.
import { join } from 'node:path';
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';

/** What each fuse is for: https://www.electronjs.org/docs/latest/tutorial/fuses */
export const FUSES = {
  version: FuseVersion.V1,
  // The program is Culvert, not a Node.js for whoever sets a variable.
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  // The code is that of the package: its hash stands in the program (macOS, Windows), and nothing is loaded beside it.
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  // The page is served by app://.
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
};

/** @param {import('app-builder-lib').AfterPackContext} context */
export function programOf({ appOutDir, electronPlatformName, packager }) {
  const { productFilename } = packager.appInfo;
  switch (electronPlatformName) {
    case 'darwin':
      return join(appOutDir, `${productFilename}.app`, 'Contents/MacOS', productFilename);
    case 'win32':
      return join(appOutDir, `${productFilename}.exe`);
    default:
      return join(appOutDir, packager.executableName);
  }
}

/** @param {import('app-builder-lib').AfterPackContext} context */
export async function afterPack(context) {
  const { electronPlatformName, arch } = context;
  await flipFuses(programOf(context), {
    ...FUSES,
    // Changed after it was signed by Electron's makers, arm64 code does not run until it is signed anew. 3: arm64.
    resetAdHocDarwinSignature: electronPlatformName === 'darwin' && arch === 3,
  });
}
