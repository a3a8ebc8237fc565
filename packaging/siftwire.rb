# Homebrew formula. Written with the manuals; not tested: no machine of ours has Homebrew. A release sets `url` and `sha256`.
class Siftwire < Formula
  desc "Merges and filters news feeds, and shows each story once"
  homepage "https://siftwire.example/"
  url "https://siftwire.example/siftwire-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    system bin/"siftwire", "man", "--to", "man"
    man1.install Dir["man/*.1"]
    man5.install Dir["man/*.5"]
    man7.install Dir["man/*.7"]
    generate_completions_from_executable(bin/"siftwire", "completions", shells: [:bash, :zsh, :fish])
  end

  service do
    run [opt_bin/"siftwire", "run", "--config", etc/"siftwire/config.toml"]
    environment_variables STATE_DIRECTORY: var/"siftwire"
    keep_alive true
  end

  test do
    system bin/"siftwire", "init", testpath/"config.toml"
    system bin/"siftwire", "check", "--config", testpath/"config.toml"
  end
end
