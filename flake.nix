# nix run . -- --help. Written with the manuals; not tested: no machine of ours has Nix.
{
  description = "Merges and filters news feeds, and shows each story once";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      package =
        pkgs:
        pkgs.rustPlatform.buildRustPackage {
          pname = "siftwire";
          version = (pkgs.lib.importTOML ./Cargo.toml).package.version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          SIFTWIRE_COMMIT = self.shortRev or "unknown";
          nativeBuildInputs = [ pkgs.installShellFiles ];
          # They start servers and browsers.
          doCheck = false;
          postInstall = ''
            $out/bin/siftwire man --to man
            installManPage man/*
            for shell in bash zsh fish; do
              $out/bin/siftwire completions $shell > siftwire.$shell
            done
            installShellCompletion siftwire.bash siftwire.zsh siftwire.fish
          '';
          meta.mainProgram = "siftwire";
        };
    in
    {
      packages = nixpkgs.lib.genAttrs systems (system: {
        default = package nixpkgs.legacyPackages.${system};
      });
    };
}
