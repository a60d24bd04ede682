#!/usr/bin/env bash
# PDL's conv1d with Boundary => 'reflect' repeats the last cell but not the first; conv2d's Reflect repeats both.
#
# Guess: reflect means one thing at both ends: c b | a b c … or b a | a b c …, and the same in one and two dimensions.
# Seen (PDL 2.081, Debian 12): of 1 … 5 the cell before the first is 2 (the edge not repeated), that behind the last 5
# (repeated). conv2d's Reflect has 1 and 5, and is the same as its Replicate for kernels of three cells.
# So a symmetric kernel on a symmetric signal gives an output that is not symmetric.
# Source: PDL's conv1d and conv2d; their documentation calls both a reflection at the boundary.
# It takes Debian's or Ubuntu's apt-get and perl; the packages are unpacked, not installed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q -o APT::Sandbox::User=root pdl=1:2.081-2 libfile-map-perl=0.67-2 libpadwalker-perl >/dev/null
for package in *.deb; do dpkg -x "$package" root; done
folders=(root/usr/share/perl5 root/usr/lib/x86_64-linux-gnu/perl5/5.36)
perl "${folders[@]/#/-I}" - <<'PERL' | tee seen
use PDL; use PDL::Image2D; use PDL::Primitive;
die "not the unpacked one" unless $INC{"PDL.pm"} =~ m{^root/};
print join(" ", conv1d(pdl(1 .. 5), pdl(1, 10, 100), {Boundary => "reflect"})->list), "\n";
print join(" ", conv1d(pdl(1, 2, 3, 2, 1), pdl(1, 1, 1), {Boundary => "reflect"})->list), "\n";
my $kernel = pdl([[1, 10, 100]]);
print join(" ", map { conv2d(pdl([[1 .. 5]]), $kernel, {Boundary => $_})->list } "Reflect", "Replicate"), "\n";
PERL
diff seen - <<'SEEN'
212 123 234 345 455
5 6 7 6 4
112 123 234 345 455 112 123 234 345 455
SEEN
echo "as described"
