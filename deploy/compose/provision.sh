#!/bin/sh
# Tells the auth-service's accounts of the simulated street: a household and a hub for each file in /etc/wattline/street,
# all of them the same person's, who can look at each. The same again changes nothing.
#
#   provision.sh FOLDER       with what secrets.sh has made
set -eu

folder=$1
WATTLINE_HOME_PASSWORD=$(cat "$folder/home-password")
export WATTLINE_HOME_PASSWORD
for home in /etc/wattline/street/*.json; do
    number=$(basename "$home" .json)
    WATTLINE_HOME_HUB_SECRET=$(cat "$folder/hub-$number.secret") auth-service provision "$home"
done
# Whoever reads this log may read the file as well, and the page is for this machine only.
echo
echo "  Wattline   $WATTLINE_PAGE"
echo "  e-mail     $WATTLINE_HOME_EMAIL"
echo "  password   $WATTLINE_HOME_PASSWORD"
